# pintle_generate(TARGET name [LIBRARY] [SERVICES_ONLY] PROTOS a.proto... [IMPORT_DIRS dir...] [DESTINATION dir] [OPTIONS option...])
#
# Runs protoc over each .proto with its C++ generator and with protoc-gen-pintle, and compiles the results into a target:
# FILE.pb.h has the messages, FILE.pintle.hpp the service classes and stubs. Call it in the folder of the target.
#   LIBRARY      makes a library of that name; without it the target must be there already and gets more sources
#   SERVICES_ONLY  the .pb.h come from another target, with which this one is linked
#   PROTOS       relative to the current folder
#   IMPORT_DIRS  where imports are looked for; a .proto is included in C++ by its path below the first of them that holds
#                it. The default is the current folder
#   DESTINATION  where the generated files go; the default is a folder of the target in the build tree
#   OPTIONS      for protoc-gen-pintle, such as blocking=false
# The target is linked with pintle::rpc and protobuf::libprotobuf and has the folder of the generated headers in its
# include path, all of it PUBLIC. Generated code is compiled without warnings. It is the same function in Pintle's own
# tree, below add_subdirectory() and after find_package(pintle).
# Pintle's own .proto files (google/rpc/status.proto, options of the configuration, ...) can be imported without saying where.
include_guard(GLOBAL)

foreach(dir IN ITEMS ${CMAKE_CURRENT_LIST_DIR}/../proto ${PINTLE_INSTALLED_PROTOS})
  if(EXISTS ${dir}/google/rpc/status.proto)
    get_filename_component(dir ${dir} ABSOLUTE)
    set_property(GLOBAL PROPERTY PINTLE_PROTO_DIR ${dir})
  endif()
endforeach()

function(pintle_generate)
  cmake_parse_arguments(arg "LIBRARY;SERVICES_ONLY" "TARGET;DESTINATION" "PROTOS;IMPORT_DIRS;OPTIONS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pintle_generate: what is \"${arg_UNPARSED_ARGUMENTS}\"? It takes TARGET, LIBRARY, PROTOS, "
                        "IMPORT_DIRS, DESTINATION and OPTIONS")
  endif()
  if(NOT arg_TARGET OR NOT arg_PROTOS)
    message(FATAL_ERROR "pintle_generate needs TARGET name and PROTOS file.proto...")
  endif()
  if(arg_LIBRARY)
    add_library(${arg_TARGET})
  elseif(NOT TARGET ${arg_TARGET})
    message(FATAL_ERROR "pintle_generate: there is no target ${arg_TARGET}; add it first, or say LIBRARY")
  endif()
  # Imported targets are seen below the folder that looked for them; the caller's may be another.
  if(NOT TARGET protobuf::libprotobuf OR NOT TARGET protobuf::protoc)
    find_package(Protobuf 3.21 REQUIRED)
  endif()

  if(NOT arg_DESTINATION)
    set(arg_DESTINATION ${arg_TARGET}.generated)
  endif()
  get_filename_component(destination ${arg_DESTINATION} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(import_dirs "")
  set(import_flags "")
  foreach(dir IN LISTS arg_IMPORT_DIRS)
    get_filename_component(dir ${dir} ABSOLUTE)
    list(APPEND import_dirs ${dir})
    list(APPEND import_flags "-I${dir}")
  endforeach()
  get_property(own_protos GLOBAL PROPERTY PINTLE_PROTO_DIR)
  if(own_protos)
    list(APPEND import_flags "-I${own_protos}")
  endif()
  list(TRANSFORM arg_OPTIONS PREPEND "--pintle_opt=")

  foreach(proto IN LISTS arg_PROTOS)
    get_filename_component(proto ${proto} ABSOLUTE)
    set(name "")
    foreach(dir IN LISTS import_dirs)
      cmake_path(IS_PREFIX dir ${proto} NORMALIZE below)
      if(below)
        file(RELATIVE_PATH name ${dir} ${proto})
        break()
      endif()
    endforeach()
    if(NOT name)
      message(FATAL_ERROR "pintle_generate: ${proto} lies in none of the IMPORT_DIRS ${import_dirs}")
    endif()
    string(REGEX REPLACE "\\.proto$" "" stem ${name})
    set(messages ${destination}/${stem}.pb.cc ${destination}/${stem}.pb.h)
    set(cpp_out --cpp_out=${destination})
    if(arg_SERVICES_ONLY)
      set(messages "")
      set(cpp_out "")
    endif()
    set(services ${destination}/${stem}.pintle.cpp ${destination}/${stem}.pintle.hpp)
    add_custom_command(
      OUTPUT ${messages} ${services}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${destination}
      COMMAND protobuf::protoc ${cpp_out} --pintle_out=${destination} ${arg_OPTIONS}
              --plugin=protoc-gen-pintle=$<TARGET_FILE:pintle::protoc-gen-pintle>
              --dependency_out=${destination}/${stem}.d ${import_flags} ${proto}
      DEPENDS ${proto} protobuf::protoc pintle::protoc-gen-pintle
      DEPFILE ${destination}/${stem}.d
      COMMENT "Generating ${stem}.pb.h and ${stem}.pintle.hpp"
      VERBATIM)
    target_sources(${arg_TARGET} PRIVATE ${messages} ${services})
    set_source_files_properties(${messages} ${services} PROPERTIES COMPILE_OPTIONS -w SKIP_LINTING ON)
  endforeach()
  target_include_directories(${arg_TARGET} SYSTEM PUBLIC $<BUILD_INTERFACE:${destination}>)
  target_link_libraries(${arg_TARGET} PUBLIC pintle::rpc protobuf::libprotobuf)
endfunction()
