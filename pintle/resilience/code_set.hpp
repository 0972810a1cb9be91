// Which statuses a policy means.
#pragma once

#include <cstdint>
#include <initializer_list>

#include <pintle/base/status.hpp>

namespace pintle {

// A value type.
class CodeSet {
 public:
  constexpr CodeSet() = default;
  constexpr CodeSet(std::initializer_list<Code> codes) {  // NOLINT: of constants only
    for (const Code code : codes) add(code);
  }
  constexpr void add(Code code) { bits_ |= std::uint32_t{1} << static_cast<unsigned>(code); }
  constexpr bool has(Code code) const { return (bits_ >> static_cast<unsigned>(code) & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(CodeSet, CodeSet) = default;

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace pintle
