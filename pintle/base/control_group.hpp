// Where the limits of this process's control group stand: its own and those of all groups above it.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace pintle {

// Calls `visit(group, version)` with each folder that may hold limits of `controller` ("cpu", "memory") for the calling
// process: version 2 (one tree) or 1 (one for each controller). Not all of them need exist. `root` stands before /proc
// and /sys, for tests.
void visit_control_groups(const std::filesystem::path& root, std::string_view controller,
                          const std::function<void(const std::filesystem::path& group, int version)>& visit);

}  // namespace pintle
