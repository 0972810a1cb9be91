#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/http2/hpack/test_support/fields.hpp>

namespace pintle::http2 {
namespace {

using namespace hpack_test;

std::string encoded_hex(HpackEncoder& e, const Pairs& pairs, Indexing indexing = Indexing::incremental) {
  return to_hex(encode(e, pairs, indexing));
}

const Pairs kCall = {{":method", "POST"},
                     {":scheme", "http"},
                     {":path", "/echo.Echo/Say"},
                     {":authority", "127.0.0.1:50051"},
                     {"te", "trailers"},
                     {"content-type", "application/grpc"},
                     {"user-agent", "grpc-c++-pintle/1"}};

TEST(HpackEncoderVectors, C4Requests) {
  HpackEncoder e;
  EXPECT_EQ(
      encoded_hex(e, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}}),
      "828684418cf1e3c2e5f23a6ba0ab90f4ff");
  EXPECT_EQ(encoded_hex(e, {{":method", "GET"},
                            {":scheme", "http"},
                            {":path", "/"},
                            {":authority", "www.example.com"},
                            {"cache-control", "no-cache"}}),
            "828684be5886a8eb10649cbf");
  EXPECT_EQ(encoded_hex(e, {{":method", "GET"},
                            {":scheme", "https"},
                            {":path", "/index.html"},
                            {":authority", "www.example.com"},
                            {"custom-key", "custom-value"}}),
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
  EXPECT_EQ(e.insertions(), 3U);
}

TEST(HpackEncoderVectors, C6ResponsesWithEviction) {
  HpackEncoder e(256);
  const Pairs first = {{":status", "302"},
                       {"cache-control", "private"},
                       {"date", "Mon, 21 Oct 2013 20:13:21 GMT"},
                       {"location", "https://www.example.com"}};
  // The smaller table is told first.
  EXPECT_EQ(encoded_hex(e, first),
            "3fe101"
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff"
            "6e919d29ad171863c78f0b97c8e9ae82ae43d3");
  Pairs second = first;
  second[0].second = "307";
  // Huffman coding would make "307" no shorter; the RFC's example uses it even so.
  EXPECT_EQ(encoded_hex(e, second), "4803333037c1c0bf");
}

TEST(HpackEncoder, LiteralFormsFollowTheIndexing) {
  HpackEncoder e;
  EXPECT_EQ(encoded_hex(e, {{"x", "~"}}, Indexing::without), "000178017e");
  EXPECT_EQ(encoded_hex(e, {{"x", "~"}}, Indexing::never), "100178017e");
  EXPECT_EQ(encoded_hex(e, {{"cookie", "~"}}, Indexing::without), "0f11017e");
  EXPECT_EQ(encoded_hex(e, {{"authorization", "~"}}, Indexing::never), "1f08017e");
  EXPECT_EQ(e.insertions(), 0U);
  EXPECT_EQ(encoded_hex(e, {{"x", "~"}}), "400178017e");
  EXPECT_EQ(e.insertions(), 1U);
  EXPECT_EQ(encoded_hex(e, {{"x", "!"}}, Indexing::without), "0f2f0121");  // the name by its index
}

TEST(HpackEncoder, SecretsAreNeverSentByIndex) {
  HpackEncoder e;
  encode(e, {{"x", "~"}});
  EXPECT_EQ(encoded_hex(e, {{"x", "~"}}, Indexing::never), "1f2f017e");
  EXPECT_EQ(encoded_hex(e, {{":status", "200"}}, Indexing::never), "18821001");
}

TEST(HpackEncoder, StaticFieldsAreIndicesInEveryForm) {
  HpackEncoder e;
  EXPECT_EQ(encoded_hex(e, {{":status", "200"}, {":method", "POST"}, {"accept-encoding", "gzip, deflate"}}), "888390");
  EXPECT_EQ(encoded_hex(e, {{":status", "204"}}, Indexing::without), "89");
  EXPECT_EQ(e.insertions(), 0U);
}

TEST(HpackEncoder, HuffmanOnlyWhenItIsShorter) {
  HpackEncoder e;
  EXPECT_EQ(encoded_hex(e, {{"x", "aaaaaaaa"}}, Indexing::without),
            "00017885"
            "18c6318c63");
  EXPECT_EQ(encoded_hex(e, {{"x", "{}{}"}}, Indexing::without), "000178047b7d7b7d");
  EXPECT_EQ(encoded_hex(e, {{"x", ""}}, Indexing::without), "00017800");
}

TEST(HpackEncoder, AFieldOfHalfTheTableStaysOutOfIt) {
  HpackEncoder e(256);
  encode(e, Pairs{});
  encode(e, {{"x", std::string(128 - 33, 'v')}});
  EXPECT_EQ(e.insertions(), 1U);
  encode(e, {{"y", std::string(128 - 32, 'v')}});
  EXPECT_EQ(e.insertions(), 1U);
}

TEST(HpackEncoder, LongIndicesAndLongStrings) {
  HpackEncoder e;
  HpackDecoder d;
  Pairs many;
  for (int i = 0; i < 100; ++i) many.emplace_back("k" + std::to_string(i), "v");
  many.emplace_back("long", std::string(3000, '{'));
  const HeaderLimits wide{.list_size = 100000, .fields = 1000};
  EXPECT_EQ(decode(d, encode(e, many), wide).fields, many);
  const std::string again = encode(e, many);
  EXPECT_EQ(to_hex(again).substr(0, 4), "ff22");  // 161 = 127 + 34
  EXPECT_EQ(decode(d, again, wide).fields, many);
}

// Size updates.

TEST(HpackEncoderTableSize, ASmallerTableIsAnnouncedOnce) {
  HpackEncoder e;
  encode(e, {{"x", "~"}});
  e.set_peer_table_size(0);
  EXPECT_EQ(encoded_hex(e, {{":status", "200"}}), "2088");
  EXPECT_EQ(encoded_hex(e, {{":status", "200"}}), "88");
  EXPECT_EQ(encoded_hex(e, {{"x", "~"}}), "000178017e");
  EXPECT_EQ(e.insertions(), 1U);
}

TEST(HpackEncoderTableSize, TheSmallestOfSeveralGoesFirst) {
  HpackEncoder e;
  e.set_peer_table_size(100);
  e.set_peer_table_size(50);
  e.set_peer_table_size(4096);
  EXPECT_EQ(encoded_hex(e, {{":status", "200"}}),
            "3f13"
            "3fe11f"
            "88");
}

TEST(HpackEncoderTableSize, ALargerPeerDoesNotMatterBeyondTheLimit) {
  HpackEncoder e(4096);
  e.set_peer_table_size(65536);
  EXPECT_EQ(encoded_hex(e, {{":status", "200"}}), "88");
  HpackEncoder larger(8192);
  EXPECT_EQ(encoded_hex(larger, {{":status", "200"}}), "88");  // the peer has not offered more than 4096 yet
  larger.set_peer_table_size(65536);
  EXPECT_EQ(encoded_hex(larger, {{":status", "200"}}),
            "3fe13f"
            "88");
}

TEST(HpackEncoderTableSize, AnEmptyBlockCarriesTheUpdate) {
  HpackEncoder e;
  e.set_peer_table_size(0);
  EXPECT_EQ(encoded_hex(e, {}), "20");
  EXPECT_EQ(encoded_hex(e, {}), "");
}

// Prepared blocks.

TEST(HpackPrepared, ServerAnswersAndTrailersAreIndicesOnceWarm) {
  HpackEncoder e;
  HpackDecoder d;
  const Pairs head_fields = {{":status", "200"}, {"content-type", "application/grpc"}};
  const Pairs trailer_fields = {{"grpc-status", "0"}};
  const PreparedBlock head(1, head_fields), trailers(2, trailer_fields);
  for (int call = 0; call < 5; ++call) {
    const std::string h = encode(e, head), t = encode(e, trailers);
    EXPECT_EQ(decode(d, h).fields, head_fields);
    EXPECT_EQ(decode(d, t).fields, trailer_fields);
    if (call > 0) {
      EXPECT_EQ(to_hex(h), "88bf");
      EXPECT_EQ(to_hex(t), "be");
    }
  }
  EXPECT_EQ(e.insertions(), 2U);
}

TEST(HpackPrepared, ARequestIsOneBytePerFieldOnceWarm) {
  HpackEncoder e;
  HpackDecoder d;
  const PreparedBlock block(1, kCall);
  EXPECT_EQ(decode(d, encode(e, block)).fields, kCall);
  for (int call = 0; call < 3; ++call) {
    const std::string bytes = encode(e, block);
    EXPECT_EQ(bytes.size(), kCall.size());
    EXPECT_EQ(decode(d, bytes).fields, kCall);
  }
}

TEST(HpackPrepared, AnyInsertionMovesTheIndices) {
  HpackEncoder e;
  HpackDecoder d;
  const PreparedBlock a(1, kCall), b(2, {{"x", "1"}});
  for (int round = 0; round < 3; ++round) {
    const std::string value = std::to_string(round);
    const std::vector<OutField> more = {{"y", value, Indexing::incremental}, {"z", value, Indexing::without}};
    Pairs expected = kCall;
    expected.insert(expected.end(), {{"y", value}, {"z", value}});
    EXPECT_EQ(decode(d, encode(e, a, more)).fields, expected);
    EXPECT_EQ(decode(d, encode(e, a)).fields, kCall);
    EXPECT_EQ(decode(d, encode(e, b)).fields, (Pairs{{"x", "1"}}));
    EXPECT_EQ(decode(d, encode(e, a)).fields, kCall);
  }
}

TEST(HpackPrepared, ASizeUpdateGoesBeforeAKeptBlock) {
  HpackEncoder e;
  HpackDecoder d;
  const PreparedBlock block(1, kCall);
  for (int i = 0; i < 3; ++i) decode(d, encode(e, block));
  for (const std::uint32_t size : {0U, 4096U, 60U, 4096U}) {
    e.set_peer_table_size(size);
    d.set_table_size(size);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(decode(d, encode(e, block)).fields, kCall) << size;
  }
}

TEST(HpackPrepared, WithoutATableTheBlockIsKeptAsLiterals) {
  HpackEncoder e;
  HpackDecoder d;
  e.set_peer_table_size(0);
  d.set_table_size(0);
  const PreparedBlock block(1, kCall);
  const std::string first = encode(e, block);
  const std::string second = encode(e, block);
  EXPECT_EQ(to_hex(first), "20" + to_hex(second));
  EXPECT_EQ(encode(e, block), second);
  EXPECT_EQ(decode(d, first).fields, kCall);
  EXPECT_EQ(decode(d, second).fields, kCall);
}

TEST(HpackPrepared, ManyBlocksWithSparseIdsAreToldApart) {
  HpackEncoder e;
  HpackDecoder d;
  std::vector<PreparedBlock> blocks;
  for (std::uint32_t i = 0; i < 600; ++i) {
    blocks.emplace_back(i * 64 + 1, Pairs{{":status", "200"}, {"x-block", std::to_string(i % 50)}});
  }
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < blocks.size(); ++i) {
      const Pairs expected = {{":status", "200"}, {"x-block", std::to_string(i % 50)}};
      ASSERT_EQ(decode(d, encode(e, blocks[i])).fields, expected);
    }
  }
}

TEST(HpackPrepared, SurvivesAMove) {
  PreparedBlock a(1, {{"x", "y"}});
  const PreparedBlock b = std::move(a);
  ASSERT_EQ(b.fields().size(), 1U);
  EXPECT_EQ(b.fields()[0].name, "x");
  EXPECT_EQ(b.fields()[0].value, "y");
}

}  // namespace
}  // namespace pintle::http2
