// Frames as bytes: what is written can be read, and payloads are taken apart as RFC 9113 section 6 says.
#include <gtest/gtest.h>

#include <pintle/http2/frame/payload.hpp>
#include <pintle/http2/frame/write.hpp>

namespace pintle::http2 {
namespace {

std::string bytes(const Buffer& buffer) { return {reinterpret_cast<const char*>(buffer.data()), buffer.size()}; }
std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(FrameHeader, SurvivesTheWire) {
  std::byte raw[kFrameHeaderSize];
  store_frame_header(raw, {.length = 0xabcdef, .type = FrameType::goaway, .flags = 0x5a, .stream = 0x7fff'fffe});
  const FrameHeader read = load_frame_header(raw);
  EXPECT_EQ(read.length, 0xabcdefu);
  EXPECT_EQ(read.type, FrameType::goaway);
  EXPECT_EQ(read.flags, 0x5a);
  EXPECT_EQ(read.stream, 0x7fff'fffeu);
}

TEST(FrameHeader, TheReservedBitIsDropped) {
  std::byte raw[kFrameHeaderSize]{};
  raw[5] = std::byte{0x80};
  raw[8] = std::byte{1};
  EXPECT_EQ(load_frame_header(raw).stream, 1u);
}

TEST(FrameWrite, SettingsAreBigEndianPairs) {
  Buffer out;
  const Setting entries[] = {{SettingId::max_frame_size, 0x01020304}};
  append_settings(out, entries);
  EXPECT_EQ(bytes(out), std::string("\0\0\6\4\0\0\0\0\0\0\5\1\2\3\4", 15));
}

TEST(FrameWrite, ALongDebugTextIsCut) {
  Buffer out;
  append_goaway(out, 1, ErrorCode::no_error, std::string(5'000, 'x'));
  EXPECT_EQ(out.size(), kFrameHeaderSize + 8 + 1'024);
}

TEST(HeadersPayload, PlainIsAllFragment) {
  EXPECT_EQ(parse_headers({.flags = kEndHeaders}, as_bytes("abc"))->fragment.size(), 3u);
}

TEST(HeadersPayload, PaddingAndPriorityAreTakenOff) {
  const std::string payload("\2\x80\0\0\7\xffxyPP", 10);
  const auto parsed = parse_headers({.flags = kPadded | kPriority}, as_bytes(payload));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->depends_on, 7u) << "without the exclusive bit";
  EXPECT_EQ(static_cast<char>(parsed->fragment[0]), 'x');
  EXPECT_EQ(parsed->fragment.size(), 2u);
}

TEST(HeadersPayload, MayBeNothingButPadding) {
  EXPECT_EQ(parse_headers({.flags = kPadded}, as_bytes(std::string("\2\0\0", 3)))->fragment.size(), 0u);
}

TEST(HeadersPayload, ErrorsNameTheirKind) {
  EXPECT_EQ(parse_headers({.flags = kPadded}, {}).error(), ErrorCode::frame_size_error);
  EXPECT_EQ(parse_headers({.flags = kPriority}, as_bytes("1234")).error(), ErrorCode::frame_size_error);
  EXPECT_EQ(parse_headers({.flags = kPadded}, as_bytes("\3ab")).error(), ErrorCode::protocol_error);
}

TEST(ErrorName, KnowsTheRegistryAndNothingElse) {
  EXPECT_EQ(error_name(ErrorCode::enhance_your_calm), "ENHANCE_YOUR_CALM");
  EXPECT_EQ(error_name(static_cast<ErrorCode>(0xe)), "UNKNOWN");
}

}  // namespace
}  // namespace pintle::http2
