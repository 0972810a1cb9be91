#include <pintle/security/authz/text_pattern.hpp>

namespace pintle::authz {

std::optional<TextPattern> TextPattern::of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "*") return TextPattern(Kind::any, "");
  const bool first = text.front() == '*', last = text.back() == '*';
  if (first && last) return std::nullopt;
  const std::string_view rest = first ? text.substr(1) : last ? text.substr(0, text.size() - 1) : text;
  if (rest.find('*') != std::string_view::npos) return std::nullopt;
  return TextPattern(first ? Kind::ends : last ? Kind::begins : Kind::exact, rest);
}

bool TextPattern::matches(std::string_view text) const {
  switch (kind_) {
    case Kind::exact:
      return text == text_;
    case Kind::begins:
      return text.starts_with(text_);
    case Kind::ends:
      return text.ends_with(text_);
    case Kind::any:
      return !text.empty();
  }
  return false;
}

std::string TextPattern::to_string() const {
  return kind_ == Kind::any ? "*" : kind_ == Kind::begins ? text_ + "*" : kind_ == Kind::ends ? "*" + text_ : text_;
}

}  // namespace pintle::authz
