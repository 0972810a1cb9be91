// What holds for all inputs, not only for those of the specification's tables.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/wire/base64.hpp>
#include <pintle/wire/compression.hpp>
#include <pintle/wire/framing.hpp>
#include <pintle/wire/metadata_coding.hpp>
#include <pintle/wire/percent.hpp>
#include <pintle/wire/timeout.hpp>
#include <pintle/wire/utf8.hpp>

namespace pintle::wire {
namespace {

using Bytes = std::string;

// Bytes that come near the borders of UTF-8 and of the codings more often than chance would.
rc::Gen<Bytes> awkward_bytes() {
  return rc::gen::container<Bytes>(rc::gen::oneOf(
      rc::gen::arbitrary<char>(), rc::gen::element<char>('%', '4', 'C', ',', '=', ' ', '\x80', '\xBF', '\xC3', '\xE2',
                                                         '\xED', '\xF0', '\xF4', '\x9F')));
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

RC_GTEST_PROP(WireProperty, Base64RoundTrip, ()) {
  const Bytes bytes = *awkward_bytes();
  Bytes coded, back;
  base64_encode(bytes, coded);
  RC_ASSERT(coded.size() == base64_size(bytes.size()));
  RC_ASSERT(base64_decode(coded, back) && back == bytes);
  back.clear();
  coded.append((4 - coded.size() % 4) % 4, '=');
  RC_ASSERT(base64_decode(coded, back) && back == bytes);
}

RC_GTEST_PROP(WireProperty, PercentCodedTextIsPrintableAndComesBack, ()) {
  const Bytes text = to_valid_utf8(*awkward_bytes());
  Bytes coded;
  percent_encode(text, coded);
  RC_ASSERT(printable(coded));
  RC_ASSERT(percent_decode(coded) == text);
}

RC_GTEST_PROP(WireProperty, AnyBytesDecodeToValidText, ()) {
  const Bytes value = *awkward_bytes();
  RC_ASSERT(valid_utf8(percent_decode(value)));
}

RC_GTEST_PROP(WireProperty, ACutMessageIsAStartOfTheMessage, ()) {
  const Bytes text = to_valid_utf8(*awkward_bytes());
  const auto limit = *rc::gen::inRange<std::size_t>(0, 200);
  Bytes coded;
  percent_encode_within(text, limit, coded);
  RC_ASSERT(coded.size() <= limit);
  const Bytes back = percent_decode(coded);
  RC_ASSERT(text.starts_with(back) && valid_utf8(back));
  // Nothing that would have fitted was left out.
  Bytes more;
  percent_encode(truncate_utf8(text, std::min(text.size(), back.size() + 4)), more);
  if (back.size() < text.size()) RC_ASSERT(more.size() > limit);
}

RC_GTEST_PROP(WireProperty, ATimeoutArrivesNeverLongerAndHardlyShorter, ()) {
  const auto magnitude = *rc::gen::inRange(0, 63);
  const Duration sent((*rc::gen::arbitrary<std::int64_t>() & ((std::int64_t{1} << magnitude) - 1)) | 1);
  std::array<char, 16> room;
  const std::string_view value = format_timeout(sent, room);
  RC_ASSERT(value.size() <= 9u);
  const auto received = parse_timeout(value);
  RC_ASSERT(received.has_value());
  RC_ASSERT(*received <= sent);
  RC_ASSERT((sent - *received).count() <= sent.count() / 100'000);
}

RC_GTEST_PROP(WireProperty, MetadataComeBackAsTheyWere, ()) {
  const auto values = *rc::gen::container<std::vector<Bytes>>(awkward_bytes());
  Metadata into;
  Bytes joined, scratch;
  for (const Bytes& value : values) {
    RC_ASSERT(check_entry({"x-bin", value}).ok());
    const std::string_view coded = encode_value({"x-bin", value}, scratch);
    RC_ASSERT(printable(coded));
    RC_ASSERT(decode_field("x-bin", coded, into).ok());
    if (&value != values.data()) joined.push_back(',');
    joined.append(coded);
  }
  const auto came = into.all("x-bin");
  RC_ASSERT(std::ranges::equal(came, values));

  // A proxy may join repeated fields with commas: it makes no difference.
  if (values.empty()) return;
  Metadata from_joined;
  RC_ASSERT(decode_field("x-bin", joined, from_joined).ok());
  RC_ASSERT(std::ranges::equal(from_joined.all("x-bin"), values));
}

RC_GTEST_PROP(WireProperty, AnyFieldIsReadWithoutHarmAndWhatIsKeptMayBeSent, ()) {
  const Bytes value = *awkward_bytes();
  const Bytes name = *rc::gen::oneOf(awkward_bytes(), rc::gen::element<Bytes>("x", "x-bin", "te", "grpc-x", ":path"));
  Metadata into;
  const Status status = decode_field(name, value, into);
  RC_ASSERT(status.ok() || into.empty());
  RC_ASSERT(check_metadata(into).ok());
}

// Messages arrive whole and in order, however the bytes are cut.
RC_GTEST_PROP(WireProperty, MessagesSurviveAnySplit, ()) {
  const auto messages = *rc::gen::container<std::vector<Bytes>>(awkward_bytes());
  Bytes sent;
  for (const Bytes& message : messages) {
    std::byte prefix[kPrefixSize];
    write_prefix(prefix, message.size() % 2 == 1, static_cast<std::uint32_t>(message.size()));
    sent.append(reinterpret_cast<const char*>(prefix), kPrefixSize).append(message);
  }
  std::vector<Bytes> received;
  Bytes unread;
  for (std::size_t at = 0; at < sent.size();) {
    const std::size_t n = std::min(*rc::gen::inRange<std::size_t>(1, 12), sent.size() - at);
    unread.append(sent, at, n);
    at += n;
    while (true) {
      const FrameStep step = next_message(std::as_bytes(std::span(unread)), 1 << 20);
      if (step.kind == Frame::need_more) {
        RC_ASSERT(step.needed > unread.size());
        break;
      }
      RC_ASSERT(step.kind == Frame::message);
      RC_ASSERT(step.prefix.compressed == (step.prefix.length % 2 == 1));
      received.emplace_back(reinterpret_cast<const char*>(step.message.data()), step.message.size());
      unread.erase(0, step.needed);
    }
  }
  RC_ASSERT(unread.empty());
  RC_ASSERT(received == messages);
}

// Runs and random bytes, so that some of it gets smaller and some does not.
rc::Gen<Bytes> lumpy_bytes() {
  return rc::gen::map(rc::gen::container<std::vector<std::pair<char, std::uint16_t>>>(rc::gen::pair(
                          rc::gen::arbitrary<char>(), rc::gen::element<std::uint16_t>(1, 1, 2, 3, 40, 5000))),
                      [](const std::vector<std::pair<char, std::uint16_t>>& runs) {
                        Bytes bytes;
                        for (const auto& [byte, count] : runs) bytes.append(count, byte);
                        return bytes;
                      });
}

rc::Gen<Encoding> any_coding() { return rc::gen::element(Encoding::gzip, Encoding::deflate, Encoding::zstd); }

// One codec for all of them, as a loop has it.
struct CodecProperty : ::testing::Test {
  static Status decompress(Encoding encoding, std::string_view data, std::size_t limit, Bytes& into) {
    Buffer out;
    Status status = codec().decompress(encoding, std::as_bytes(std::span(data)), limit, out);
    into.assign(reinterpret_cast<const char*>(out.data()), out.size());
    return status;
  }
  // Empty when it would not get smaller.
  static Bytes compress(Encoding encoding, std::string_view message) {
    const auto packed = codec().compress(encoding, std::as_bytes(std::span(message)));
    return packed ? Bytes(reinterpret_cast<const char*>(packed->data()), packed->size()) : Bytes();
  }
  static Codec& codec() {
    static Codec one;
    return one;
  }
};

RC_GTEST_FIXTURE_PROP(CodecProperty, AMessageComesBackWithinItsLimitAndNotBelow, ()) {
  const Encoding encoding = *any_coding();
  const Bytes message = *lumpy_bytes();
  const Bytes packed = compress(encoding, message);
  RC_PRE(!packed.empty());
  RC_ASSERT(packed.size() < message.size());
  const auto limit = *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 2 * message.size()),
                                     rc::gen::element(message.size() - 1, message.size()));
  Bytes back;
  const Status status = decompress(encoding, packed, limit, back);
  if (limit >= message.size()) {
    RC_ASSERT(status.ok());
    RC_ASSERT(back == message);
  } else {
    RC_ASSERT(status.code() == Code::resource_exhausted);
    RC_ASSERT(back.size() <= limit + 1);
  }
}

RC_GTEST_FIXTURE_PROP(CodecProperty, WhatIsCutShortOrHasSomethingBehindItIsInternal, ()) {
  const Encoding encoding = *any_coding();
  const Bytes packed = compress(encoding, *lumpy_bytes());
  RC_PRE(!packed.empty());
  Bytes back;
  const auto cut = *rc::gen::inRange<std::size_t>(0, packed.size());
  RC_ASSERT(decompress(encoding, std::string_view(packed).substr(0, cut), SIZE_MAX, back).code() == Code::internal);
  const Bytes behind = *rc::gen::nonEmpty(awkward_bytes());
  RC_ASSERT(decompress(encoding, packed + behind, SIZE_MAX, back).code() == Code::internal);
}

RC_GTEST_FIXTURE_PROP(CodecProperty, AnyBytesAreReadWithoutHarm, ()) {
  const Encoding encoding = *any_coding();
  const std::size_t limit = *rc::gen::inRange<std::size_t>(0, 10'000);
  Bytes data = *awkward_bytes();
  if (*rc::gen::arbitrary<bool>()) {  // a message with a byte that is not its own
    data = compress(encoding, *lumpy_bytes());
    if (!data.empty()) data[*rc::gen::inRange<std::size_t>(0, data.size())] = *rc::gen::arbitrary<char>();
  }
  Bytes back;
  const Status status = decompress(encoding, data, limit, back);
  RC_ASSERT(back.size() <= limit + 1);
  if (!status.ok()) RC_ASSERT(status.code() == Code::internal || status.code() == Code::resource_exhausted);
}

}  // namespace
}  // namespace pintle::wire
