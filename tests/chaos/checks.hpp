// What a scene prints.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace pintle::chaos {

inline int passed = 0, failed = 0;

// Counts and prints; gives 1 when it does not hold.
template <class... Args>
int check(bool holds, fmt::format_string<Args...> format, Args&&... args) {
  ++(holds ? passed : failed);
  fmt::print("  {} {}\n", holds ? "ok  " : "FAIL", fmt::format(format, std::forward<Args>(args)...));
  std::fflush(stdout);
  return holds ? 0 : 1;
}

template <class... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print("       {}\n", fmt::format(format, std::forward<Args>(args)...));
  std::fflush(stdout);
}

// Of values in any order; 0 when there are none.
inline double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

}  // namespace pintle::chaos
