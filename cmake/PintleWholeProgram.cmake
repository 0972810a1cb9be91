# pintle_whole_program(TARGET...)
#
# Links these programs with link-time optimisation over their own objects and over Pintle's rooms, so that a call is inlined
# from room to room. In Release, with clang and the lld of its version; anything else is linked as ever, and says so. A link
# takes some ten seconds more. What it brings was measured: docs/decisions/0007-release-objects-hold-bitcode.md.
include_guard(GLOBAL)

# What objects are compiled with so that they can be linked either way: bitcode beside machine code. Empty where there is no
# linker that could use it.
set(PINTLE_FAT_OBJECTS "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 18)
  string(REGEX MATCH "^[0-9]+" pintle_clang ${CMAKE_CXX_COMPILER_VERSION})
  find_program(PINTLE_LLD NAMES ld.lld-${pintle_clang} ld.lld)
  if(PINTLE_LLD)
    set(PINTLE_FAT_OBJECTS $<$<CONFIG:Release>:-flto=full> $<$<CONFIG:Release>:-ffat-lto-objects>)
  endif()
  unset(pintle_clang)
endif()
# The function is called where this file's variables may not reach.
set_property(GLOBAL PROPERTY PINTLE_FAT_OBJECTS ${PINTLE_FAT_OBJECTS})

function(pintle_whole_program)
  get_property(fat GLOBAL PROPERTY PINTLE_FAT_OBJECTS)
  if(NOT fat)
    message(STATUS "pintle_whole_program: no clang of version 18 or later with its lld; linked without optimisation: ${ARGN}")
    return()
  endif()
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE ${fat})
    target_link_options(${target} PRIVATE
      $<$<CONFIG:Release>:-fuse-ld=${PINTLE_LLD}> $<$<CONFIG:Release>:-flto=full> $<$<CONFIG:Release>:-Wl,--fat-lto-objects>)
  endforeach()
endfunction()
