#include <pintle/base/memory_limit.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include <pintle/base/control_group.hpp>

namespace pintle {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUnknown = std::size_t{512} << 20, kLeast = std::size_t{16} << 20;

std::optional<std::size_t> number(const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

// "MemTotal:       16384000 kB"
std::optional<std::size_t> machine(const fs::path& root) {
  std::ifstream in(root / "proc/meminfo");
  std::string name, kib;
  while (in >> name >> kib) {
    if (name == "MemTotal:") {
      const auto value = number(kib);
      return value ? std::optional(*value * 1024) : std::nullopt;
    }
    in.ignore(256, '\n');
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> memory_limit(const fs::path& root) {
  std::optional<std::size_t> least = machine(root);
  visit_control_groups(root, "memory", [&](const fs::path& group, int version) {
    std::ifstream in(group / (version == 2 ? "memory.max" : "memory.limit_in_bytes"));
    std::string text;
    if (!(in >> text)) return;
    const auto limit = number(text);  // "max" is no number
    if (limit && (!least || *limit < *least)) least = limit;
  });
  return least;
}

std::size_t default_memory_budget(const fs::path& root) {
  const auto limit = memory_limit(root);
  return limit ? std::max(*limit / 2, kLeast) : kUnknown;
}

}  // namespace pintle
