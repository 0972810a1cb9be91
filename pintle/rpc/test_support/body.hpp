// The two directions of a body as strings, for tests of what frames messages in them.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <pintle/rpc/framed.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle::test {

inline std::string framed(std::string_view message, char flag = 0) {
  const auto n = static_cast<std::uint32_t>(message.size());
  std::string out{flag, static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                  static_cast<char>(n)};
  return out.append(message);
}

// A body that a test fills; every growth moves the bytes.
struct Body final : ByteInflow {
  Body() { ended_ = false; }
  void consume(std::size_t n) override {
    ASSERT_LE(n, body_.size());
    bytes_->erase(0, n);
    body_ = bytes_of(*bytes_);
  }
  Buffer take(std::size_t n) override {
    Buffer taken;
    taken.append(body_.first(n));
    consume(n);
    owed += n;
    return taken;
  }
  void give_back(std::size_t n) override { owed -= n; }
  void hold(std::size_t n) override { held += n; }
  void let_go(std::size_t n) override { held -= n; }
  void expect(std::size_t total) override { expected = total; }
  void become(std::string bytes) {
    bytes_ = std::make_unique<std::string>(std::move(bytes));
    body_ = bytes_of(*bytes_);
  }
  void grow(std::string_view more) { become(*bytes_ + std::string(more)); }
  void end() { ended_ = true; }

  std::size_t expected = 0, owed = 0, held = 0;

 private:
  std::unique_ptr<std::string> bytes_ = std::make_unique<std::string>();
};

struct Out final : ByteOutflow {
  std::byte* write_body(std::size_t n, bool end) override {
    if (!open) return nullptr;
    open = !end;
    bytes.resize(bytes.size() + n, fresh);
    return reinterpret_cast<std::byte*>(bytes.data() + bytes.size() - n);
  }
  std::span<std::byte> write_piece(std::size_t left, bool end) override {
    if (open_for-- == 0) open = false;
    const std::size_t n = std::min(left, piece);
    std::byte* const at = write_body(n, end && n == left);
    ++pieces;
    return at == nullptr ? std::span<std::byte>() : std::span(at, n);
  }
  bool write_body(Buffer&& given, bool end) override {
    std::byte* const at = write_body(given.size(), end);
    if (at != nullptr) std::memcpy(at, given.data(), given.size());
    given = Buffer();
    ++handed_over;
    return at != nullptr;
  }
  bool body_writable() const override { return writable; }
  bool body_open() const override { return open; }
  std::string bytes;
  bool open = true, writable = true;
  std::size_t piece = 16'384;
  int handed_over = 0, pieces = 0;
  int open_for = -1;  // so many pieces more
  char fresh = 0;     // what the room holds before it is filled
};

struct TestSink final : FramedSink {
  explicit TestSink(Out& o) : FramedSink(o, count), out(o) {}
  void head(const Metadata&) override {}
  void before_first() override { out.bytes += "<head>"; }
  using FramedSink::compress_with;
  using FramedSink::reset;
  Out& out;
  TrafficCount count;
};

}  // namespace pintle::test
