#include <pintle/http2/hpack/internal/huffman.hpp>

#include <random>
#include <string>

#include <gtest/gtest.h>

#include <pintle/http2/hpack/test_support/oracle.hpp>

using namespace std::string_literals;

namespace pintle::http2::hpack {
namespace {

using hpack_test::hex;
using hpack_test::to_hex;

std::string coded(std::string_view text) {
  std::string out(huffman_size(text) + 8, '\0');
  auto* const start = reinterpret_cast<std::uint8_t*>(out.data());
  out.resize(static_cast<std::size_t>(huffman_encode(text, start) - start));
  EXPECT_EQ(out.size(), huffman_size(text));
  return out;
}

std::optional<std::string> decoded(std::string_view code) {
  const std::vector<std::uint8_t> exact(code.begin(), code.end());
  std::string out(huffman_decoded_bound(code.size()), '\0');
  const auto n = huffman_decode(exact.data(), exact.size(), out.data());
  EXPECT_EQ(huffman_decoded_size(exact.data(), exact.size()), n);
  if (!n) return std::nullopt;
  out.resize(*n);
  return out;
}

// nghttp2 as the judge: a literal field whose value is the coded string.
std::optional<std::string> oracle_decoded(const std::string& code) {
  std::string block = "\x00\x01x"s;
  std::size_t n = code.size();
  if (n < 127) {
    block.push_back(static_cast<char>(0x80 | n));
  } else {
    block.push_back('\xff');
    for (n -= 127; n >= 128; n >>= 7) block.push_back(static_cast<char>(0x80 | (n & 127)));
    block.push_back(static_cast<char>(n));
  }
  hpack_test::OracleDecoder oracle;
  const auto fields = oracle.decode(block + code);
  if (!fields) return std::nullopt;
  return fields->at(0).second;
}

TEST(Huffman, EverySymbolAsTheOracleReadsIt) {
  for (int s = 0; s < 256; ++s) {
    for (const std::size_t times : {1U, 2U, 5U}) {
      const std::string text(times, static_cast<char>(s));
      const std::string code = coded(text);
      EXPECT_EQ(oracle_decoded(code), text) << s;
      EXPECT_EQ(decoded(code), text) << s;
    }
  }
}

TEST(Huffman, RandomTextsThereAndBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 80, '\0');
    const bool any = round % 2 == 0;
    for (char& c : text) c = static_cast<char>(any ? random() % 256 : 32 + random() % 95);
    const std::string code = coded(text);
    ASSERT_EQ(decoded(code), text);
    ASSERT_EQ(oracle_decoded(code), text);
  }
}

TEST(Huffman, RandomBytesAreJudgedAsTheOracleDoes) {
  std::mt19937 random(11);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string code(random() % 8, '\0');
    for (char& c : code) c = static_cast<char>(random() % 3 == 0 ? 0xff : random() % 256);
    const auto ours = decoded(code);
    ASSERT_EQ(ours, oracle_decoded(code)) << to_hex(code);
    refused += ours ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);
}

TEST(Huffman, PaddingIsShortAndAllOnes) {
  EXPECT_EQ(decoded(hex("1f")), "a");             // 00011 and three ones
  EXPECT_EQ(decoded(hex("1e")), std::nullopt);    // a zero in the padding
  EXPECT_EQ(decoded(hex("1fff")), std::nullopt);  // eleven bits of padding
  EXPECT_EQ(decoded(hex("ff")), std::nullopt);    // eight bits of padding
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded(hex("f8ff")), std::nullopt);  // '&' fills its byte, then eight ones
  EXPECT_EQ(decoded(hex("f8")), "&");
}

TEST(Huffman, EndOfStringInTheTextIsRefused) {
  EXPECT_EQ(decoded(hex("ffffffff")), std::nullopt);    // EOS and two ones
  EXPECT_EQ(decoded(hex("1fffffffff")), std::nullopt);  // 'a', EOS
}

}  // namespace
}  // namespace pintle::http2::hpack
