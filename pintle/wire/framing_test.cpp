#include <pintle/wire/framing.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

constexpr std::size_t kLimit = 4 << 20;

std::string frame(std::string_view body, bool compressed = false) {
  std::string out(kPrefixSize, '\0');
  write_prefix(reinterpret_cast<std::byte*>(out.data()), compressed, static_cast<std::uint32_t>(body.size()));
  return out.append(body);
}

FrameStep step(std::string_view unread, std::size_t limit = kLimit) {
  return next_message(std::as_bytes(std::span(unread)), limit);
}

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Framing, ThePrefixIsAFlagAndABigEndianLength) {
  std::byte to[kPrefixSize];
  write_prefix(to, false, 0x01020304);
  EXPECT_EQ(text(to), std::string_view("\0\x01\x02\x03\x04", 5));
  write_prefix(to, true, 0xFFFFFFFF);
  EXPECT_EQ(text(to), "\x01\xFF\xFF\xFF\xFF");
}

TEST(Framing, AWholeMessage) {
  const std::string bytes = frame("hello") + "next";
  const FrameStep s = step(bytes);
  EXPECT_EQ(s.kind, Frame::message);
  EXPECT_EQ(text(s.message), "hello");
  EXPECT_EQ(s.message.data(), reinterpret_cast<const std::byte*>(bytes.data()) + kPrefixSize);  // in place, not a copy
  EXPECT_EQ(s.needed, 10u);
  EXPECT_FALSE(s.prefix.compressed);
  EXPECT_TRUE(step(frame("hello", true)).prefix.compressed);
}

TEST(Framing, AnEmptyMessage) {
  const FrameStep s = step(frame(""));
  EXPECT_EQ(s.kind, Frame::message);
  EXPECT_EQ(s.needed, 5u);
  EXPECT_TRUE(s.message.empty());
}

TEST(Framing, EachShorterStartNeedsMore) {
  const std::string bytes = frame("hello");
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const FrameStep s = step(std::string_view(bytes).substr(0, n));
    EXPECT_EQ(s.kind, Frame::need_more) << n;
    EXPECT_EQ(s.needed, n < kPrefixSize ? kPrefixSize : bytes.size()) << n;
  }
}

TEST(Framing, AnyOtherFlagIsAnErrorAtItsFirstByte) {
  for (int flag = 0; flag < 256; ++flag) {
    const char first = static_cast<char>(flag);
    EXPECT_EQ(step(std::string_view(&first, 1)).kind, flag > 1 ? Frame::bad_flag : Frame::need_more) << flag;
  }
}

TEST(Framing, TooLargeIsToldBeforeTheBodyComes) {
  EXPECT_EQ(step(frame("12345"), 5).kind, Frame::message);
  EXPECT_EQ(step(std::string_view(frame("123456")).substr(0, 5), 5).kind, Frame::too_large);
  const FrameStep s = step("\x01\xFF\xFF\xFF\xFF");
  EXPECT_EQ(s.kind, Frame::too_large);
  EXPECT_EQ(s.prefix.length, 0xFFFFFFFFu);
}

TEST(Framing, ALimitOfZeroLetsEmptyMessagesThrough) {
  EXPECT_EQ(step(frame(""), 0).kind, Frame::message);
  EXPECT_EQ(step(frame("1"), 0).kind, Frame::too_large);
}

TEST(Framing, TheLargestLengthDoesNotOverflow) {
  const FrameStep s = step(std::string_view("\0\xFF\xFF\xFF\xFF", 5), std::size_t{1} << 33);
  EXPECT_EQ(s.kind, Frame::need_more);
  EXPECT_EQ(s.needed, (std::size_t{1} << 32) + 4);
}

}  // namespace
}  // namespace pintle::wire
