// How much memory this process may really use: the limit of its control group, not the machine's size.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

namespace pintle {

// In bytes: the smallest limit of the process's control group and all groups above it, version 2 (memory.max) or 1
// (memory.limit_in_bytes), and the machine's memory (/proc/meminfo). Nothing when none of it can be read. `root` stands
// before /proc and /sys, for tests.
std::optional<std::size_t> memory_limit(const std::filesystem::path& root = "/");

// What a process may keep for its peers unless it is told otherwise: half of that limit. The other half is for the
// program itself. 512 MiB where there is no limit to be read; never less than 16 MiB.
std::size_t default_memory_budget(const std::filesystem::path& root = "/");

}  // namespace pintle
