// The only type in which SQL reaches a database here.
#pragma once

namespace items {

// A statement as it stands in our source: only a literal can make one, so nothing that a client sent is ever part of
// its text. What clients send goes beside it, as bound parameters. One address, one statement: caches go by it.
class Sql {
 public:
  consteval Sql(const char* text) : text_(text) {}
  constexpr const char* text() const { return text_; }

 private:
  const char* text_;
};

}  // namespace items
