#include <pintle/wire/compression.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace pintle::wire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Encoding kCodings[] = {Encoding::gzip, Encoding::deflate, Encoding::zstd};
constexpr std::size_t kNoLimit = SIZE_MAX;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string text_of(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string compressed(Codec& codec, Encoding encoding, std::string_view message) {
  const auto packed = codec.compress(encoding, bytes_of(message));
  return packed ? text_of(*packed) : std::string();
}

// Text that shrinks, but not to nothing.
std::string prose(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i) text += "item " + std::to_string(i * 7919) + " of the catalogue; ";
  text.resize(size);
  return text;
}

struct Decompressed {
  Status status;
  std::string text;
  std::size_t memory;
};
Decompressed decompressed(Codec& codec, Encoding encoding, std::string_view data, std::size_t limit = kNoLimit) {
  Buffer out;
  Status status = codec.decompress(encoding, bytes_of(data), limit, out);
  std::string text = status.ok() ? text_of(out.bytes()) : std::string();
  return {std::move(status), std::move(text), out.capacity()};
}

// A zstd frame (RFC 8878) with a window of 2^(10 + exponent) bytes: `blocks` blocks that each repeat one byte 128 KiB
// times. `declared`: a frame content size, which may be a lie.
std::string zstd_of_repeats(std::size_t blocks, unsigned exponent = 11, std::string_view declared = {}) {
  std::string frame("\x28\xb5\x2f\xfd", 4);
  frame.push_back(declared.empty() ? '\0' : '\xc0');  // no content size, or one of eight bytes
  frame.push_back(static_cast<char>(exponent << 3));
  frame.append(declared);
  constexpr unsigned kRepeat = 1;
  for (std::size_t i = 0; i < blocks; ++i) {
    const unsigned header = (i + 1 == blocks ? 1 : 0) | kRepeat << 1 | (128U * 1024) << 3;
    for (unsigned shift = 0; shift < 24; shift += 8) frame.push_back(static_cast<char>(header >> shift));
    frame.push_back('z');
  }
  return frame;
}

// -- Names ------------------------------------------------------------------------------------------------------------

TEST(Encodings, HaveTheNamesOfTheSpecification) {
  for (const char* name : {"identity", "gzip", "deflate", "zstd"}) {
    const auto encoding = parse_encoding(name);
    ASSERT_TRUE(encoding) << name;
    EXPECT_EQ(encoding_name(*encoding), name);
  }
  for (const char* name : {"", "GZIP", "gzip ", "br", "snappy", "x-gzip", "gzip,deflate"})
    EXPECT_FALSE(parse_encoding(name)) << name;
}

TEST(Encodings, TheListOfAPeerIsReadPastWhatWeDoNotKnow) {
  struct Case {
    const char* value;
    EncodingSet set;
  };
  const Case cases[] = {
      {"", {}},
      {"identity", {}},
      {"gzip", EncodingSet().add(Encoding::gzip)},
      {"br,gzip;q=0.5,snappy", {}},
      {"identity,deflate,gzip", EncodingSet().add(Encoding::gzip).add(Encoding::deflate)},
      {" gzip\t, br ,,\tzstd ", EncodingSet().add(Encoding::gzip).add(Encoding::zstd)},
      {"identity,gzip,deflate,zstd", EncodingSet::all()},
      {"zstd,deflate,gzip", EncodingSet::all()},
      {",", {}},
  };
  for (const auto& [value, set] : cases) EXPECT_EQ(parse_accept_encoding(value), set) << value;
}

TEST(Encodings, WhatWeSayThatWeTakeIsAllOfIt) {
  EXPECT_EQ(parse_accept_encoding(kAcceptEncoding), EncodingSet::all());
  for (const Encoding encoding : kCodings) EXPECT_THAT(kAcceptEncoding, HasSubstr(encoding_name(encoding)));
  EXPECT_TRUE(EncodingSet().has(Encoding::identity)) << "everybody takes it";
  EXPECT_EQ(EncodingSet::from_bits(EncodingSet::all().bits()), EncodingSet::all());
}

// -- Bytes ------------------------------------------------------------------------------------------------------------

TEST(Compression, AMessageComesBackAndWasSmallerOnItsWay) {
  Codec codec;
  const std::string message = prose(100'000);
  for (const Encoding encoding : kCodings) {
    const std::string packed = compressed(codec, encoding, message);
    EXPECT_LT(packed.size(), message.size() / 2) << encoding_name(encoding);
    EXPECT_EQ(decompressed(codec, encoding, packed).text, message) << encoding_name(encoding);
  }
}

TEST(Compression, TheFormatsAreThoseOfTheirNames) {
  Codec codec;
  const std::string message = prose(1000);
  EXPECT_EQ(compressed(codec, Encoding::gzip, message).substr(0, 3), "\x1f\x8b\x08");      // RFC 1952 section 2.3.1
  EXPECT_EQ(compressed(codec, Encoding::deflate, message).substr(0, 1), "\x78");           // RFC 1950 section 2.2
  EXPECT_EQ(compressed(codec, Encoding::zstd, message).substr(0, 4), "\x28\xb5\x2f\xfd");  // RFC 8878 section 3.1.1
}

// What other programs wrote: python3's gzip and zlib, and zstd 1.5.4.
TEST(Compression, DataOfOthersAreRead) {
  const auto hex = [](std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
    return bytes;
  };
  Codec codec;
  EXPECT_EQ(decompressed(codec, Encoding::gzip, hex("1f8b08000000000002032bc8cc2bc949552840a600c197434214000000")).text,
            "pintle pintle pintle");
  EXPECT_EQ(decompressed(codec, Encoding::deflate, hex("789c2bc8cc2bc949552840a600532a07e5")).text,
            "pintle pintle pintle");
  EXPECT_EQ(decompressed(codec, Encoding::zstd, hex("28b52ffd04586d00003870696e746c652001003a8a11b9845ee7")).text,
            "pintle pintle pintle");
}

// One context serves them all, and nothing of one message helps, or harms, the next.
TEST(Compression, EachMessageIsCodedAfresh) {
  Codec codec;
  const std::string message = prose(5000);
  for (const Encoding encoding : kCodings) {
    const std::string first = compressed(codec, encoding, message);
    EXPECT_EQ(compressed(codec, encoding, message), first) << encoding_name(encoding);
    // Left in the middle: by a message that does not get smaller, and by data that are broken.
    EXPECT_EQ(compressed(codec, encoding, "no"), "");
    EXPECT_EQ(compressed(codec, encoding, message), first) << encoding_name(encoding);
    EXPECT_FALSE(decompressed(codec, encoding, first.substr(0, 100)).status.ok());
    EXPECT_EQ(decompressed(codec, encoding, first).text, message) << encoding_name(encoding);
  }
  // The two formats of zlib share a context for reading.
  const std::string gzip = compressed(codec, Encoding::gzip, message);
  const std::string zlib = compressed(codec, Encoding::deflate, message);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decompressed(codec, Encoding::gzip, gzip).text, message);
    EXPECT_EQ(decompressed(codec, Encoding::deflate, zlib).text, message);
  }
}

TEST(Compression, WhatWouldNotGetSmallerIsNotCompressed) {
  Codec codec;
  std::string noise(4096, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  for (const Encoding encoding : kCodings) {
    EXPECT_FALSE(codec.compress(encoding, {})) << encoding_name(encoding);
    EXPECT_FALSE(codec.compress(encoding, bytes_of("a"))) << encoding_name(encoding);
    EXPECT_FALSE(codec.compress(encoding, bytes_of("aaaaaaaa"))) << encoding_name(encoding);
    EXPECT_FALSE(codec.compress(encoding, bytes_of(noise))) << encoding_name(encoding);
    EXPECT_TRUE(codec.compress(encoding, bytes_of(std::string(64, 'a')))) << encoding_name(encoding);
  }
}

TEST(Compression, AMessageMayBeWrittenIntoTheCodecsOwnMemory) {
  Codec codec;
  const std::string message = prose(2'000'000);
  for (int i = 0; i < 2; ++i) {
    std::byte* room = codec.room(message.size());
    message.copy(reinterpret_cast<char*>(room), message.size());
    const auto packed = codec.compress(Encoding::zstd, {room, message.size()});
    ASSERT_TRUE(packed);
    EXPECT_EQ(decompressed(codec, Encoding::zstd, text_of(*packed)).text, message);
    codec.trim();
  }
}

// -- What strangers send ----------------------------------------------------------------------------------------------

TEST(Decompression, TheLimitIsOnWhatComesOut) {
  Codec codec;
  for (const Encoding encoding : kCodings) {
    for (const std::size_t size : {1UL, 1023UL, 1024UL, 1025UL, 70'000UL}) {
      const std::string message(size, 'a');
      Codec sender;
      // A message of one byte is never sent compressed by us, but others do.
      const std::string packed = size == 1 ? std::string() : compressed(sender, encoding, message);
      if (packed.empty()) continue;
      EXPECT_EQ(decompressed(codec, encoding, packed, size).text, message) << encoding_name(encoding) << size;
      const Status refused = decompressed(codec, encoding, packed, size - 1).status;
      EXPECT_EQ(refused.code(), Code::resource_exhausted) << encoding_name(encoding) << size;
      EXPECT_THAT(std::string(refused.message()), HasSubstr(std::to_string(size - 1)));
    }
    const std::string packed = compressed(codec, encoding, std::string(100, 'a'));
    EXPECT_EQ(decompressed(codec, encoding, packed, 0).status.code(), Code::resource_exhausted);
  }
}

TEST(Decompression, ABombStopsAtTheLimitAndTakesNoMoreMemoryThanThat) {
  constexpr std::size_t kLimit = 100'000, kMemory = 2 * (kLimit + 1);
  Codec codec;
  for (const Encoding encoding : {Encoding::gzip, Encoding::deflate}) {
    const std::string bomb = compressed(codec, encoding, std::string(16 << 20, '\0'));
    EXPECT_LT(bomb.size(), 80'000u);
    const Decompressed result = decompressed(codec, encoding, bomb, kLimit);
    EXPECT_EQ(result.status.code(), Code::resource_exhausted) << encoding_name(encoding);
    EXPECT_LE(result.memory, kMemory) << encoding_name(encoding);
  }
  const std::string gigabyte = zstd_of_repeats(8192);
  EXPECT_LT(gigabyte.size(), 33'000u);
  const Decompressed result = decompressed(codec, Encoding::zstd, gigabyte, kLimit);
  EXPECT_EQ(result.status.code(), Code::resource_exhausted);
  EXPECT_LE(result.memory, kMemory);
  EXPECT_EQ(decompressed(codec, Encoding::zstd, zstd_of_repeats(2)).text, std::string(256 * 1024, 'z'))
      << "it is the limit that stopped it";
}

TEST(Decompression, ASizeThatIsDeclaredIsNotBelieved) {
  Codec codec;
  // "One terabyte follows", then 128 KiB do.
  const std::string lie = zstd_of_repeats(1, 11, std::string_view("\0\0\0\0\0\1\0\0", 8));
  const Decompressed result = decompressed(codec, Encoding::zstd, lie);
  EXPECT_EQ(result.status.code(), Code::internal);
  EXPECT_LE(result.memory, 1U << 20);
}

TEST(Decompression, AWindowAboveEightMebibytesIsRefused) {
  Codec codec;
  EXPECT_TRUE(decompressed(codec, Encoding::zstd, zstd_of_repeats(1, 13)).status.ok());
  for (const unsigned exponent : {14U, 21U, 31U})
    EXPECT_EQ(decompressed(codec, Encoding::zstd, zstd_of_repeats(1, exponent)).status.code(), Code::internal)
        << exponent;
}

TEST(Decompression, DataThatEndTooEarlyAreInternalWhereverTheyEnd) {
  Codec codec;
  const std::string message = prose(3000);
  for (const Encoding encoding : kCodings) {
    const std::string packed = compressed(codec, encoding, message);
    for (std::size_t cut = 0; cut < packed.size(); ++cut) {
      const Status status = decompressed(codec, encoding, packed.substr(0, cut)).status;
      ASSERT_EQ(status.code(), Code::internal) << encoding_name(encoding) << " cut at " << cut;
      ASSERT_EQ(status.origin(), Origin::library);
      ASSERT_THAT(std::string(status.message()), AllOf(HasSubstr(encoding_name(encoding)), HasSubstr("early")));
    }
  }
}

TEST(Decompression, WhatStandsBehindTheEndIsInternal) {
  Codec codec;
  for (const Encoding encoding : kCodings) {
    const std::string packed = compressed(codec, encoding, prose(3000));
    for (const std::string& behind : {std::string(1, '\0'), std::string("x"), packed}) {
      const Status status = decompressed(codec, encoding, packed + behind).status;
      EXPECT_EQ(status.code(), Code::internal) << encoding_name(encoding);
      EXPECT_THAT(std::string(status.message()), HasSubstr("behind its end"));
    }
  }
}

TEST(Decompression, BrokenDataAreInternal) {
  Codec codec;
  for (const Encoding encoding : kCodings) {
    for (const std::string& data : {std::string("x"), std::string(100, '\0'), std::string(100, '\xff'), prose(500)})
      EXPECT_EQ(decompressed(codec, encoding, data).status.code(), Code::internal) << encoding_name(encoding);
    for (const Encoding other : kCodings) {
      if (other == encoding) continue;
      EXPECT_EQ(decompressed(codec, encoding, compressed(codec, other, prose(500))).status.code(), Code::internal)
          << encoding_name(other) << " read as " << encoding_name(encoding);
    }
  }
  std::string checksum = compressed(codec, Encoding::gzip, prose(500));
  checksum[checksum.size() - 8] ^= 1;
  EXPECT_EQ(decompressed(codec, Encoding::gzip, checksum).status.code(), Code::internal);
}

TEST(Decompression, AStreamThatNeedsADictionaryIsInternal) {
  Codec codec;
  const std::string data("\x78\xbb\x00\x01\x00\x01\x03\x00\x00\x00\x00\x01",
                         12);  // FDICT is set (RFC 1950 section 2.2)
  EXPECT_EQ(decompressed(codec, Encoding::deflate, data).status.code(), Code::internal);
}

TEST(Decompression, ABareDeflateStreamIsNotTheZlibFormat) {
  Codec codec;
  const std::string zlib = compressed(codec, Encoding::deflate, prose(500));
  const std::string bare = zlib.substr(2, zlib.size() - 6);
  EXPECT_EQ(decompressed(codec, Encoding::deflate, bare).status.code(), Code::internal);
}

}  // namespace
}  // namespace pintle::wire
