# What find_package(pintle CONFIG) finds in an install tree. Included last, when every room has been added.
include(CMakePackageConfigHelpers)

set(PINTLE_INSTALL_CMAKE ${CMAKE_INSTALL_LIBDIR}/cmake/pintle)
set(PINTLE_INSTALL_PROTOS ${CMAKE_INSTALL_DATADIR}/pintle/proto)

# The static libraries of the rooms need at their users' link what they themselves were built with.
set(PINTLE_FIND_DEPENDENCIES "")
foreach(dependency IN ITEMS
    "Threads" "fmt" "Protobuf 3.21" "OpenSSL 3" "ZLIB" "zstd" "Boost 1.81" "yaml-cpp" "CLI11" "spdlog")
  string(APPEND PINTLE_FIND_DEPENDENCIES "find_dependency(${dependency})\n")
endforeach()

get_property(PINTLE_ROOMS GLOBAL PROPERTY PINTLE_ROOMS)
list(JOIN PINTLE_ROOMS " " PINTLE_ROOMS)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/pintle-config.cmake.in
  ${PROJECT_BINARY_DIR}/pintle-config.cmake INSTALL_DESTINATION ${PINTLE_INSTALL_CMAKE} PATH_VARS PINTLE_INSTALL_PROTOS)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pintle-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/pintle-config.cmake ${PROJECT_BINARY_DIR}/pintle-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/PintleGenerate.cmake ${PROJECT_SOURCE_DIR}/cmake/PintleWholeProgram.cmake
  DESTINATION ${PINTLE_INSTALL_CMAKE})
install(EXPORT pintle NAMESPACE pintle:: FILE pintle-targets.cmake DESTINATION ${PINTLE_INSTALL_CMAKE})
install(FILES ${PROJECT_SOURCE_DIR}/pintle/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pintle)

# For builds without CMake: `pkg-config --cflags --libs pintle`. Every room, as a group: they are static and need each
# other.
get_property(libraries GLOBAL PROPERTY PINTLE_LIBRARIES)
list(TRANSFORM libraries PREPEND "-l")
list(JOIN libraries " " PINTLE_PC_LIBRARIES)
file(RELATIVE_PATH PINTLE_PC_PREFIX ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/pintle.pc.in ${PROJECT_BINARY_DIR}/pintle.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pintle.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
