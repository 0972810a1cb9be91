// The texts of a policy (gRFC A43): exact, a beginning "a*", an end "*a", or anything "*".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pintle::authz {

class TextPattern {
 public:
  // Nothing for an empty text, and for a '*' that is neither the first nor the last character.
  static std::optional<TextPattern> of(std::string_view text);
  // The text itself, whatever stands in it.
  static TextPattern exactly(std::string_view text) { return TextPattern(Kind::exact, text); }
  bool matches(std::string_view text) const;
  // As it was written.
  std::string to_string() const;

 private:
  enum class Kind : std::uint8_t { exact, begins, ends, any };
  TextPattern(Kind kind, std::string_view text) : kind_(kind), text_(text) {}
  Kind kind_;
  std::string text_;
};

}  // namespace pintle::authz
