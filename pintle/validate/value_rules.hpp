// The rules of truths and enumerations: buf.validate.BoolRules, EnumRules.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <pintle/validate/report.hpp>

namespace pintle::validate {

class BoolRules {
 public:
  BoolRules& const_(bool value) { return constant_ = value, *this; }
  void check(bool value, const Where& where) const;

 private:
  std::optional<bool> constant_;
};

class EnumRules {
 public:
  EnumRules& const_(std::int32_t value) { return constant_ = value, *this; }
  // `is_defined`: protoc's own for the enumeration.
  EnumRules& defined_only(bool (*is_defined)(int)) { return is_defined_ = is_defined, *this; }
  EnumRules& in(std::vector<std::int32_t> values) { return in_ = std::move(values), *this; }
  EnumRules& not_in(std::vector<std::int32_t> values) { return not_in_ = std::move(values), *this; }
  void check(int value, const Where& where) const;

 private:
  std::optional<std::int32_t> constant_;
  bool (*is_defined_)(int) = nullptr;
  std::vector<std::int32_t> in_, not_in_;
};

}  // namespace pintle::validate
