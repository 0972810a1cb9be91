#include <pintle/async/cpu_quota.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include <sched.h>

#include <pintle/base/control_group.hpp>

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

std::size_t affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  Quota least;
  visit_control_groups(root, "cpu", [&](const fs::path& group, int version) {
    least = smaller(least, version == 2 ? read_v2(group) : read_v1(group));
  });
  return least;
}

std::size_t default_threads(const fs::path& root) {
  const std::size_t cpus = std::max<std::size_t>(1, affinity());
  const Quota quota = cpu_quota(root);
  if (!quota || *quota >= static_cast<double>(cpus)) return cpus;
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(*quota)), 1, cpus);
}

}  // namespace pintle
