#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "header_reader.hpp"
#include "histogram.hpp"
#include "huffman.hpp"

namespace pintle::bench {
namespace {

std::vector<std::uint8_t> bytes(std::string_view hex) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

TEST(Huffman, DecodesTheExamplesOfTheRfc) {
  EXPECT_EQ(huffman_decode(bytes("f1e3c2e5f23a6ba0ab90f4ff")), "www.example.com");
  EXPECT_EQ(huffman_decode(bytes("d07abe941054d444a8200595040b8166e082a62d1bff")), "Mon, 21 Oct 2013 20:13:21 GMT");
  EXPECT_EQ(huffman_decode(bytes("")), "");
}

TEST(Huffman, RefusesWrongPadding) {
  EXPECT_FALSE(huffman_decode(bytes("f1e3c2e5f23a6ba0ab90f4fe")));
  EXPECT_FALSE(huffman_decode(bytes("ff")));
  EXPECT_FALSE(huffman_decode(bytes("ffffffff")));
}

TEST(HeaderReader, FollowsTheDynamicTableOfRfc7541AppendixC6) {
  // C.6 keeps a table of 256 bytes, so entries are evicted between its three responses.
  HeaderReader reader(256);
  ResponseFacts first;
  ASSERT_TRUE(
      reader.read(bytes("488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f"
                        "0b97c8e9ae82ae43d3"),
                  first));
  EXPECT_EQ(first.http_status, 302);
  ResponseFacts second;
  ASSERT_TRUE(reader.read(bytes("4883640effc1c0bf"), second));
  EXPECT_EQ(second.http_status, 307);
  ResponseFacts third;
  ASSERT_TRUE(reader.read(
      bytes("88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5"
            "af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"),
      third));
  EXPECT_EQ(third.http_status, 200);
  EXPECT_FALSE(reader.read(bytes("c1"), third)) << "three entries fit into 256 bytes, a fourth does not";
}

TEST(HeaderReader, AnswersByIndexAfterTheFirstResponse) {
  HeaderReader reader;
  ResponseFacts first;
  ASSERT_TRUE(reader.read(bytes("885f106170706c69636174696f6e2f67727063"), first));
  ASSERT_TRUE(reader.read(bytes("400b677270632d7374617475730130"), first));
  EXPECT_EQ(first.http_status, 200);
  EXPECT_EQ(first.grpc_status, 0);
  ResponseFacts second;
  ASSERT_TRUE(reader.read(bytes("88bf"), second));
  EXPECT_EQ(second.grpc_status, -1);
  ASSERT_TRUE(reader.read(bytes("be"), second));
  EXPECT_EQ(second.grpc_status, 0);
}

TEST(HeaderReader, RefusesAnIndexThatNobodyInserted) {
  HeaderReader reader;
  ResponseFacts facts;
  EXPECT_FALSE(reader.read(bytes("be"), facts));
  EXPECT_FALSE(reader.read(bytes("80"), facts));
  EXPECT_FALSE(reader.read(bytes("3fe21f"), facts)) << "a table larger than we allowed";
}

TEST(Histogram, QuantilesAreWithinTwoPercent) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 100000; ++i) histogram.add(i * 100);
  EXPECT_NEAR(histogram.quantile(0.5), 5e6, 1e5);
  EXPECT_NEAR(histogram.quantile(0.99), 9.9e6, 2e5);
  EXPECT_EQ(histogram.count(), 100000U);
}

TEST(Histogram, SmallValuesAreExactAndHugeOnesDoNotOverflow) {
  Histogram histogram;
  histogram.add(0);
  EXPECT_EQ(histogram.quantile(0.5), 0);
  histogram.add(77);
  histogram.add(77);
  EXPECT_EQ(histogram.quantile(0.5), 77);
  histogram.add(~std::uint64_t{0});
  EXPECT_GT(histogram.quantile(1.0), 1e11);
}

}  // namespace
}  // namespace pintle::bench
