# The compiler that Pintle is built with, and the flags of each build type.
#
# g++ 12, Debian 12's own, destroys aggregate temporaries and capturing lambdas twice when they live in an expression
# with a co_await (GCC bug family 95599): programs that look right free memory twice. So it is refused, not warned of.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "Pintle can't be built with g++ ${CMAKE_CXX_COMPILER_VERSION}: it destroys aggregate temporaries and capturing lambdas "
    "twice in every expression that contains co_await (GCC bug family 95599), which frees memory twice at run time.\n"
    "Use clang 19: apt-get install clang-19, then cmake --preset release (or -DCMAKE_CXX_COMPILER=clang++-19).")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(PINTLE_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(PINTLE_COVERAGE "Instrument for llvm-cov" OFF)

add_library(pintle_flags INTERFACE)
target_compile_features(pintle_flags INTERFACE cxx_std_23)
target_compile_options(pintle_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough
  -Werror=return-type -Werror=dangling $<$<NOT:$<CONFIG:Release>>:-fno-omit-frame-pointer>)
if(PINTLE_SANITIZE)
  add_compile_options(-fsanitize=${PINTLE_SANITIZE} -fno-sanitize-recover=all -g1 -O1)
  add_link_options(-fsanitize=${PINTLE_SANITIZE})
endif()
if(PINTLE_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-g1 -gdwarf-4)  # valgrind 3.19 reads no later DWARF from clang 19
  add_compile_options(-fno-plt)       # a call into a shared library is one jump
endif()

include(PintleWholeProgram)
if(PINTLE_LLD)
  add_link_options(-fuse-ld=${PINTLE_LLD})
endif()
add_compile_options(${PINTLE_FAT_OBJECTS})

find_program(PINTLE_CCACHE ccache)
if(PINTLE_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${PINTLE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
