#include <pintle/async/cpu_quota.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <sched.h>

namespace pintle {
namespace {

namespace fs = std::filesystem;
using Quota = std::optional<double>;

Quota smaller(Quota a, Quota b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

Quota ratio(std::int64_t quota, std::int64_t period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<double>(quota) / static_cast<double>(period);
}

// "max 100000" or "250000 100000"
Quota read_v2(const fs::path& group) {
  std::ifstream in(group / "cpu.max");
  std::string quota;
  std::int64_t period = 0;
  if (!(in >> quota >> period) || quota == "max") return std::nullopt;
  char* end = nullptr;
  const std::int64_t value = std::strtoll(quota.c_str(), &end, 10);
  return *end == '\0' ? ratio(value, period) : std::nullopt;
}

Quota read_v1(const fs::path& group) {
  std::int64_t quota = -1, period = 0;
  std::ifstream(group / "cpu.cfs_quota_us") >> quota;
  std::ifstream(group / "cpu.cfs_period_us") >> period;
  return ratio(quota, period);
}

// The group itself and all above it, up to the mount. In a container the path may name a group that only the host sees:
// the mount itself is then the container's own group, and the others are missing.
template <class Read>
Quota along(const fs::path& mount, std::string_view group, Read read) {
  Quota least;
  while (!group.empty() && group.front() == '/') group.remove_prefix(1);
  for (fs::path below(group); !below.empty(); below = below.parent_path()) least = smaller(least, read(mount / below));
  return smaller(least, read(mount));
}

bool contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::size_t affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  Quota least;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "hierarchy:controllers:path"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const auto path = std::string_view(line).substr(second + 1);
    const fs::path mounts = root / "sys/fs/cgroup";
    if (controllers.empty()) {
      least = smaller(least, along(mounts, path, read_v2));
      least = smaller(least, along(mounts / "unified", path, read_v2));
    } else if (contains(controllers, "cpu")) {
      least = smaller(least, along(mounts / std::string(controllers), path, read_v1));
      least = smaller(least, along(mounts / "cpu", path, read_v1));
    }
  }
  return least;
}

std::size_t default_threads(const fs::path& root) {
  const std::size_t cpus = std::max<std::size_t>(1, affinity());
  const Quota quota = cpu_quota(root);
  if (!quota || *quota >= static_cast<double>(cpus)) return cpus;
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(*quota)), 1, cpus);
}

}  // namespace pintle
