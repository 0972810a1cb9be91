# pintle_room(NAME [SOURCES ...] [HEADERS ...] [LIBRARIES ...] [PRIVATE_LIBRARIES ...] [TESTS ...] [THREAD_TESTS ...]
#             [PROPERTY_TESTS ...] [TEST_LIBRARIES ...])
#
# One folder, one room, one target pintle::NAME.
#   SOURCES, HEADERS     the room's files, listed one by one; HEADERS are public: installed, and each compiled alone
#   LIBRARIES            what the public headers need; PRIVATE_LIBRARIES: what only the bodies need
#   TESTS                *_test.cpp of the room; they become one program NAME_test, labelled unit
#   THREAD_TESTS         tests that start threads: NAME_threads_test, labelled unit and threads (TSan runs them too)
#   PROPERTY_TESTS       tests of the numbered properties: NAME_property_test, labelled property
# TEST_LIBRARIES are linked into the tests only.
include_guard(GLOBAL)
include(GoogleTest)

add_custom_target(thread_tests)
add_custom_target(header_checks)

function(pintle_test_program program label)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${program} ${arg_SOURCES})
  target_link_libraries(${program} PRIVATE pintle_flags ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  add_test(NAME ${program} COMMAND ${program} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${program} PROPERTIES LABELS "${label}" TIMEOUT 600
    ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1;UBSAN_OPTIONS=print_stacktrace=1")
  if("threads" IN_LIST label)
    add_dependencies(thread_tests ${program})
  endif()
endfunction()

function(pintle_room name)
  cmake_parse_arguments(arg "" ""
    "SOURCES;HEADERS;LIBRARIES;PRIVATE_LIBRARIES;TESTS;THREAD_TESTS;PROPERTY_TESTS;TEST_LIBRARIES" ${ARGN})
  set(target pintle_${name})
  if(arg_SOURCES)
    add_library(${target} ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC ${arg_LIBRARIES} PRIVATE ${arg_PRIVATE_LIBRARIES} $<BUILD_INTERFACE:pintle_flags>)
    target_compile_features(${target} PUBLIC cxx_std_23)
    target_include_directories(${target} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_LIBRARIES})
    target_compile_features(${target} INTERFACE cxx_std_23)
    target_include_directories(${target} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endif()
  add_library(pintle::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})

  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(header IN LISTS arg_HEADERS)
    get_filename_component(sub ${header} DIRECTORY)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder}/${sub})
  endforeach()
  install(TARGETS ${target} EXPORT pintle)
  set_property(GLOBAL APPEND PROPERTY PINTLE_ROOMS ${name})
  if(arg_SOURCES)
    set_property(GLOBAL APPEND PROPERTY PINTLE_LIBRARIES ${target})
  endif()

  if(NOT PINTLE_TESTS)
    return()
  endif()
  if(arg_HEADERS)
    set(alone "")
    foreach(header IN LISTS arg_HEADERS)
      string(MAKE_C_IDENTIFIER ${header} id)
      set(file ${CMAKE_CURRENT_BINARY_DIR}/alone/${id}.cpp)
      file(CONFIGURE OUTPUT ${file} CONTENT "#include <${folder}/${header}>\n#include <${folder}/${header}>\n")
      list(APPEND alone ${file})
    endforeach()
    add_library(${name}_headers_alone OBJECT EXCLUDE_FROM_ALL ${alone})
    target_link_libraries(${name}_headers_alone PRIVATE ${target} pintle_flags)
    add_dependencies(header_checks ${name}_headers_alone)
  endif()
  if(arg_TESTS)
    pintle_test_program(${name}_test "unit" SOURCES ${arg_TESTS} LIBRARIES ${target} ${arg_TEST_LIBRARIES})
  endif()
  if(arg_THREAD_TESTS)
    pintle_test_program(${name}_threads_test "unit;threads" SOURCES ${arg_THREAD_TESTS} LIBRARIES ${target} ${arg_TEST_LIBRARIES})
  endif()
  if(arg_PROPERTY_TESTS)
    pintle_test_program(${name}_property_test "property" SOURCES ${arg_PROPERTY_TESTS}
      LIBRARIES ${target} ${arg_TEST_LIBRARIES} rapidcheck rapidcheck_gtest)
  endif()
endfunction()
