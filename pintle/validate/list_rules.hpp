// The rules of lists and maps: buf.validate.RepeatedRules, MapRules. What their elements must be is generated around
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <type_traits>

#include <pintle/validate/report.hpp>

namespace pintle::validate {

class RepeatedRules {
 public:
  RepeatedRules& min_items(std::uint64_t n) { return min_ = n, *this; }
  RepeatedRules& max_items(std::uint64_t n) { return max_ = n, *this; }
  RepeatedRules& unique(bool yes) { return unique_ = yes, *this; }

  template <class List>
  void check(const List& list, const Where& where) const {
    check_size(static_cast<std::uint64_t>(list.size()), where);
    if (unique_ && !all_differ(list)) fail_unique(where);
  }
  // For a list whose elements can't be compared.
  void check_size(std::uint64_t size, const Where& where) const;

 private:
  static void fail_unique(const Where& where);
  template <class List>
  static bool all_differ(const List& list) {
    using Element = std::remove_cvref_t<decltype(*list.begin())>;
    if constexpr (requires(const Element& a) { a < a; }) {
      std::set<std::reference_wrapper<const Element>, std::less<Element>> seen;
      for (const auto& element : list) {
        if constexpr (std::is_floating_point_v<Element>)
          if (element != element) continue;  // no NaN equals another
        if (!seen.insert(element).second) return false;
      }
    }
    return true;
  }
  std::optional<std::uint64_t> min_, max_;
  bool unique_ = false;
};

class MapRules {
 public:
  MapRules& min_pairs(std::uint64_t n) { return min_ = n, *this; }
  MapRules& max_pairs(std::uint64_t n) { return max_ = n, *this; }
  void check(std::uint64_t size, const Where& where) const;

 private:
  std::optional<std::uint64_t> min_, max_;
};

}  // namespace pintle::validate
