// Patterns over the paths of methods: how configuration says for which methods something holds.
#pragma once

#include <string_view>

namespace pintle {

// Whether `path` ("/items.v1.ItemService/GetItem") is one of those that `pattern` means. `*` stands for any run of
// characters but '/', so "/items.v1.*/Get*" and "/items.v1.ItemService/*" are patterns; "*" alone means every path.
constexpr bool path_matches(std::string_view pattern, std::string_view path) {
  if (pattern == "*") return true;
  // Where the last '*' stood, and how much of the path it has taken: a mismatch lets it take one more.
  std::size_t p = 0, s = 0, star = std::string_view::npos, taken = 0;
  while (s < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = s;
    } else if (p < pattern.size() && pattern[p] == path[s]) {
      ++p;
      ++s;
    } else if (star != std::string_view::npos && path[taken] != '/') {
      p = star + 1;
      s = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace pintle
