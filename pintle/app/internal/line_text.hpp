// The text of a log line while it is written: room is asked for once per piece, and texts are copied and looked at for
// what must be escaped in the same pass.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace pintle::app {

class LineText {
 public:
  std::string_view view() const { return {begin_.get(), static_cast<std::size_t>(at_ - begin_.get())}; }
  // Forgets the text, and what a long one has taken.
  void clear() {
    if (end_ - begin_.get() > kKeepBytes) begin_.reset(), end_ = nullptr;
    at_ = begin_.get();
  }

  void raw(std::string_view text) {
    room(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  template <std::size_t N>
  void raw(const char (&text)[N]) {
    room(N);
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }
  void raw(char c) {
    room(1);
    *at_++ = c;
  }

  // As it stands inside a pair of quotes, by RFC 8259 section 7; bytes that are no UTF-8 become U+FFFD.
  void escaped(std::string_view text) {
    room(text.size());
    if (!copy_plain(text)) escape(text);
  }
  void quoted(std::string_view text) {
    raw('"');
    escaped(text);
    raw('"');
  }

  void number(std::int64_t n) {
    room(24);
    if (n >= 0 && n < 10)
      *at_++ = static_cast<char>('0' + n);
    else
      at_ = std::to_chars(at_, at_ + 24, n).ptr;
  }
  // REQUIRES: it is finite. The shortest text that reads back as the same number.
  void number(double d);
  // So many decimal digits, with zeroes in front.
  void digits(std::uint64_t n, std::size_t count) {
    room(count);
    for (char* at = at_ += count; count > 0; --count, n /= 10) *--at = static_cast<char>('0' + n % 10);
  }

 private:
  static constexpr std::ptrdiff_t kKeepBytes = 16 * 1024;

  void room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
      grow(bytes);
  }
  void grow(std::size_t bytes);
  bool copy_plain(std::string_view text);
  void escape(std::string_view text);

  std::unique_ptr<char[]> begin_;
  char *at_ = nullptr, *end_ = nullptr;
};

// Whether a character can't stand in a JSON text as it is.
constexpr bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

}  // namespace pintle::app
