// How many CPUs this process may really use: the quota of its control group and its affinity, not the machine's size.
#pragma once

#include <filesystem>
#include <optional>

namespace pintle {

// The CPU quota (2.5 = two and a half CPUs) of the calling process: the smallest of its control group and all groups
// above it, version 2 (cpu.max) or version 1 (cpu.cfs_quota_us, cpu.cfs_period_us); nothing when there is no limit or
// it can't be read. `root` stands before /proc and /sys, for tests.
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

// The quota rounded up, at least 1, at most the number of CPUs of the process's affinity.
std::size_t default_threads(const std::filesystem::path& root = "/");

}  // namespace pintle
