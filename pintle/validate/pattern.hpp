// A regular expression in RE2's syntax, which can't be made to run for long.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace pintle::validate {

// Compiled once; any thread.
class Pattern {
 public:
  // What is wrong with it is what error() says; such a pattern matches nothing.
  explicit Pattern(std::string_view text);
  // Whether it matches a part of the text, which is UTF-8.
  bool matches(std::string_view text) const;
  const std::string& text() const;
  std::string error() const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace pintle::validate
