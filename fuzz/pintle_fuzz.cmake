# pintle_fuzz(NAME SOURCES file... LIBRARIES target... CORPUS folder)
#
# One fuzz target from sources that define LLVMFuzzerTestOneInput:
#   fuzz_NAME_replay  a test, labelled unit, that feeds it every file of CORPUS: what fuzzing once found stays found
#   fuzz_NAME         the fuzzer itself, with -DPINTLE_FUZZ=ON and clang. Build the libraries with it too:
#                     -DPINTLE_SANITIZE=address,undefined,fuzzer-no-link, then run: fuzz_NAME CORPUS
include_guard(GLOBAL)
option(PINTLE_FUZZ "Build the fuzzers" OFF)

function(pintle_fuzz name)
  cmake_parse_arguments(arg "" "CORPUS" "SOURCES;LIBRARIES" ${ARGN})
  if(PINTLE_TESTS)
    add_executable(fuzz_${name}_replay ${arg_SOURCES} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/replay.cpp)
    target_link_libraries(fuzz_${name}_replay PRIVATE pintle_flags ${arg_LIBRARIES})
    set_target_properties(fuzz_${name}_replay PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
    add_test(NAME fuzz_${name}_replay COMMAND fuzz_${name}_replay ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS})
    set_tests_properties(fuzz_${name}_replay PROPERTIES LABELS unit TIMEOUT 300)
  endif()
  if(PINTLE_FUZZ)
    add_executable(fuzz_${name} ${arg_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE pintle_flags ${arg_LIBRARIES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  endif()
endfunction()
