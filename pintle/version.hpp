// Which Pintle this is, for #if and for people. CMake reads the project's version here. Before 1.0 a new minor version
// may break what compiles with the one before.
#pragma once

// NOLINTBEGIN(modernize-macro-to-enum): for #if
#define PINTLE_VERSION_MAJOR 0
#define PINTLE_VERSION_MINOR 1
#define PINTLE_VERSION_PATCH 0
// NOLINTEND(modernize-macro-to-enum)

// "#if PINTLE_VERSION >= 200", that is 0.2.0.
#define PINTLE_VERSION (PINTLE_VERSION_MAJOR * 10000 + PINTLE_VERSION_MINOR * 100 + PINTLE_VERSION_PATCH)
#define PINTLE_VERSION_STRING "0.1.0"
