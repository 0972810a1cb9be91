#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/http2/hpack/test_support/fields.hpp>

namespace pintle::http2 {
namespace {

using namespace hpack_test;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr auto kOk = DecodeOutcome::ok;
constexpr auto kTooLarge = DecodeOutcome::too_large;
constexpr auto kError = DecodeOutcome::compression_error;

const Pairs kFirstRequest = {
    {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}};
const Pairs kSecondRequest = {{":method", "GET"},
                              {":scheme", "http"},
                              {":path", "/"},
                              {":authority", "www.example.com"},
                              {"cache-control", "no-cache"}};
const Pairs kThirdRequest = {{":method", "GET"},
                             {":scheme", "https"},
                             {":path", "/index.html"},
                             {":authority", "www.example.com"},
                             {"custom-key", "custom-value"}};

// Literals without Huffman coding; the lengths fit one byte.
std::string literal(int first, std::string_view name, std::string_view value) {
  std::string block(1, static_cast<char>(first));
  block.push_back(static_cast<char>(name.size()));
  block.append(name);
  block.push_back(static_cast<char>(value.size()));
  block.append(value);
  return block;
}
std::string inserted(std::string_view name, std::string_view value) { return literal(0x40, name, value); }
std::string plain(std::string_view name, std::string_view value) { return literal(0x00, name, value); }

TEST(HpackDecoderVectors, C2LiteralForms) {
  HpackDecoder d;
  const Decoded first = decode(d, hex("400a637573746f6d2d6b65790d637573746f6d2d686561646572"));
  EXPECT_THAT(first.fields, ElementsAre(Pair("custom-key", "custom-header")));
  EXPECT_EQ(d.dynamic_size(), 55U);

  HpackDecoder e;
  EXPECT_THAT(decode(e, hex("040c2f73616d706c652f70617468")).fields, ElementsAre(Pair(":path", "/sample/path")));
  const Decoded secret = decode(e, hex("100870617373776f726406736563726574"));
  EXPECT_THAT(secret.fields, ElementsAre(Pair("password", "secret")));
  EXPECT_TRUE(secret.list[0].never_indexed);
  EXPECT_THAT(decode(e, hex("82")).fields, ElementsAre(Pair(":method", "GET")));
  EXPECT_EQ(e.dynamic_entries(), 0U);
}

TEST(HpackDecoderVectors, C3RequestsWithoutHuffman) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("828684410f7777772e6578616d706c652e636f6d")).fields, kFirstRequest);
  EXPECT_EQ(d.dynamic_size(), 57U);
  EXPECT_EQ(decode(d, hex("828684be58086e6f2d6361636865")).fields, kSecondRequest);
  EXPECT_EQ(d.dynamic_size(), 110U);
  EXPECT_EQ(decode(d, hex("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")).fields, kThirdRequest);
  EXPECT_EQ(d.dynamic_size(), 164U);
}

TEST(HpackDecoderVectors, C4RequestsWithHuffman) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("828684418cf1e3c2e5f23a6ba0ab90f4ff")).fields, kFirstRequest);
  EXPECT_EQ(decode(d, hex("828684be5886a8eb10649cbf")).fields, kSecondRequest);
  EXPECT_EQ(decode(d, hex("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")).fields, kThirdRequest);
  EXPECT_EQ(d.dynamic_size(), 164U);
}

void expect_c5_responses(const std::string& first, const std::string& second, const std::string& third) {
  HpackDecoder d(256);
  EXPECT_THAT(decode(d, first).fields,
              ElementsAre(Pair(":status", "302"), Pair("cache-control", "private"),
                          Pair("date", "Mon, 21 Oct 2013 20:13:21 GMT"), Pair("location", "https://www.example.com")));
  EXPECT_EQ(d.dynamic_size(), 222U);
  EXPECT_THAT(decode(d, second).fields,
              ElementsAre(Pair(":status", "307"), Pair("cache-control", "private"),
                          Pair("date", "Mon, 21 Oct 2013 20:13:21 GMT"), Pair("location", "https://www.example.com")));
  EXPECT_EQ(d.dynamic_size(), 222U);
  EXPECT_THAT(decode(d, third).fields,
              ElementsAre(Pair(":status", "200"), Pair("cache-control", "private"),
                          Pair("date", "Mon, 21 Oct 2013 20:13:22 GMT"), Pair("location", "https://www.example.com"),
                          Pair("content-encoding", "gzip"),
                          Pair("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1")));
  EXPECT_EQ(d.dynamic_size(), 215U);
  EXPECT_EQ(d.dynamic_entries(), 3U);
}

TEST(HpackDecoderVectors, C5ResponsesWithEviction) {
  expect_c5_responses(
      hex("4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54"
          "6e1768747470733a2f2f7777772e6578616d706c652e636f6d"),
      hex("4803333037c1c0bf"),
      hex("88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a6970"
          "7738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b"
          "2076657273696f6e3d31"));
}

TEST(HpackDecoderVectors, C6ResponsesWithEvictionAndHuffman) {
  expect_c5_responses(
      hex("488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff"
          "6e919d29ad171863c78f0b97c8e9ae82ae43d3"),
      hex("4883640effc1c0bf"),
      hex("88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab"
          "77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"));
}

TEST(HpackDecoder, IndexMustExist) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("80")).outcome, kError);
  EXPECT_EQ(decode(d, hex("be")).outcome, kError);  // 62, with an empty table
  EXPECT_EQ(decode(d, hex("bd")).outcome, kOk);     // 61
  EXPECT_EQ(decode(d, hex("7e0161")).outcome, kError);
  EXPECT_EQ(decode(d, inserted("a", "b")).outcome, kOk);
  EXPECT_EQ(decode(d, hex("be")).outcome, kOk);
  EXPECT_EQ(decode(d, hex("bf")).outcome, kError);
}

TEST(HpackDecoder, IntegersAreBounded) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("ff")).outcome, kError);
  EXPECT_EQ(decode(d, hex("ff80808080800f")).outcome, kError);  // six continuation bytes
  EXPECT_EQ(decode(d, hex("ffffffffff7f")).outcome, kError);    // beyond 32 bits
  EXPECT_EQ(decode(d, hex("0f8080808000 0161")).outcome, kOk);  // 15 in five continuation bytes: accept-charset
  EXPECT_EQ(decode(d, hex("0f808080808000 0161")).outcome, kError);
  EXPECT_EQ(decode(d, hex("0001617f80808080 0f")).outcome, kError);  // a value of 4 GB
}

TEST(HpackDecoder, StringsEndWithTheBlock) {
  HpackDecoder d;
  for (const char* block : {"40", "4001", "400161", "40016102", "4001610262", "0001618262"}) {
    EXPECT_EQ(decode(d, hex(block)).outcome, kError) << block;
  }
  EXPECT_EQ(d.dynamic_entries(), 0U);
}

TEST(HpackDecoder, BadHuffmanIsAnError) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("00 01 61 81 1e")).outcome, kError);
  EXPECT_EQ(decode(d, hex("00 81 ff 01 61")).outcome, kError);
  EXPECT_EQ(decode(d, hex("00 01 61 84 ffffffff")).outcome, kError);
  EXPECT_THAT(decode(d, hex("00 01 61 81 1f")).fields, ElementsAre(Pair("a", "a")));
}

TEST(HpackDecoder, AFailedBlockHandsUpNothing) {
  HpackDecoder d;
  EXPECT_THAT(decode(d, plain("a", "b") + hex("8280")).fields, IsEmpty());
}

TEST(HpackDecoder, AppendsBehindWhatIsThere) {
  HpackDecoder d;
  HeaderList list(3);
  EXPECT_EQ(d.decode(bytes_of(hex("8286")), {}, list), kOk);
  EXPECT_EQ(list.size(), 5U);
  EXPECT_EQ(d.decode(bytes_of(hex("8280")), {}, list), kError);
  EXPECT_EQ(list.size(), 5U);
  EXPECT_EQ(d.decode(bytes_of(hex("828684")), {.fields = 2}, list), kTooLarge);
  EXPECT_EQ(list.size(), 5U);
}

// Size updates (RFC 7541 section 4.2).

TEST(HpackDecoderTableSize, UpdatesStandFirstAndAreAtMostTwo) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("20 82")).outcome, kOk);
  EXPECT_EQ(decode(d, hex("20 3fe11f 82")).outcome, kOk);  // 0, then 4096
  EXPECT_EQ(decode(d, hex("20")).outcome, kOk);
  EXPECT_EQ(decode(d, hex("82 20")).outcome, kError);
  HpackDecoder e;
  EXPECT_EQ(decode(e, plain("a", "b") + hex("20")).outcome, kError);
  HpackDecoder f;
  EXPECT_EQ(decode(f, hex("20 20 20 82")).outcome, kError);
}

TEST(HpackDecoderTableSize, UpdatesKeepWithinTheAnnouncedSize) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, hex("3fe21f")).outcome, kError);  // 4097
  HpackDecoder e;
  e.set_table_size(8192);
  EXPECT_EQ(decode(e, hex("3fe13f")).outcome, kOk);  // 8192
  EXPECT_EQ(decode(e, hex("3fe23f")).outcome, kError);
}

TEST(HpackDecoderTableSize, AReductionMustBeAnswered) {
  HpackDecoder silent;
  silent.set_table_size(100);
  EXPECT_EQ(decode(silent, hex("82")).outcome, kError);

  HpackDecoder good;
  good.set_table_size(100);
  EXPECT_EQ(decode(good, hex("3f45 82")).outcome, kOk);  // 100
  EXPECT_EQ(decode(good, hex("82")).outcome, kOk);

  HpackDecoder large;
  large.set_table_size(100);
  EXPECT_EQ(decode(large, hex("3f46 82")).outcome, kError);  // 101
}

TEST(HpackDecoderTableSize, TheSmallestOfSeveralMustBeAnswered) {
  HpackDecoder d;
  d.set_table_size(0);
  d.set_table_size(4096);
  EXPECT_EQ(decode(d, hex("3fe11f 82")).outcome, kError);
  HpackDecoder e;
  e.set_table_size(0);
  e.set_table_size(4096);
  ASSERT_EQ(decode(e, hex("20 3fe11f") + inserted("a", "b")).outcome, kOk);
  EXPECT_EQ(e.dynamic_entries(), 1U);
}

TEST(HpackDecoderTableSize, AnIncreaseNeedsNoAnswer) {
  HpackDecoder d;
  d.set_table_size(65536);
  EXPECT_EQ(decode(d, hex("82")).outcome, kOk);
}

TEST(HpackDecoderTableSize, AReductionEvictsFromTheOldest) {
  HpackDecoder d;
  decode(d, inserted("a", "1") + inserted("b", "2") + inserted("c", "3"));
  EXPECT_EQ(d.dynamic_size(), 102U);
  EXPECT_THAT(decode(d, hex("3f27 bebf")).fields, ElementsAre(Pair("c", "3"), Pair("b", "2")));  // 70
  EXPECT_EQ(d.dynamic_entries(), 2U);
  EXPECT_EQ(decode(d, hex("c0")).outcome, kError);
}

TEST(HpackDecoderTableSize, AnEntryLargerThanTheTableEmptiesIt) {
  HpackDecoder d(64);
  decode(d, inserted("a", "b"));
  EXPECT_EQ(d.dynamic_entries(), 1U);
  const std::string value(40, 'v');
  EXPECT_THAT(decode(d, inserted("c", value)).fields, ElementsAre(Pair("c", value)));
  EXPECT_EQ(d.dynamic_entries(), 0U);
  EXPECT_EQ(d.dynamic_size(), 0U);
}

// Limits.

TEST(HpackDecoderLimits, ListSizeCountsNameValueAnd32) {
  HpackDecoder d;
  EXPECT_EQ(decode(d, plain("ab", "cde"), {.list_size = 37}).outcome, kOk);
  EXPECT_EQ(decode(d, plain("ab", "cde"), {.list_size = 36}).outcome, kTooLarge);
  EXPECT_EQ(decode(d, hex("8282"), {.list_size = 84}).outcome, kOk);
  EXPECT_EQ(decode(d, hex("8282"), {.list_size = 83}).outcome, kTooLarge);
  EXPECT_EQ(decode(d, hex("82") + inserted("ab", "cde"), {.list_size = 79}).outcome, kOk);
  EXPECT_EQ(decode(d, hex("82") + inserted("ab", "cde"), {.list_size = 78}).outcome, kTooLarge);
  EXPECT_EQ(decode(d, inserted("ab", "cde") + hex("be"), {.list_size = 73}).outcome, kTooLarge);
}

TEST(HpackDecoderLimits, HuffmanTextCountsAsItsPlainLength) {
  const std::string coded = hex("8cf1e3c2e5f23a6ba0ab90f4ff");  // www.example.com
  HpackDecoder d;
  for (const char* form : {"00", "40"}) {
    EXPECT_EQ(decode(d, hex(form) + hex("0161") + coded, {.list_size = 48}).outcome, kOk);
    EXPECT_EQ(decode(d, hex(form) + hex("0161") + coded, {.list_size = 47}).outcome, kTooLarge);
    EXPECT_EQ(decode(d, hex(form) + coded + hex("0161"), {.list_size = 48}).outcome, kOk);
    EXPECT_EQ(decode(d, hex(form) + coded + hex("0161"), {.list_size = 47}).outcome, kTooLarge);
  }
}

TEST(HpackDecoderLimits, FieldsAreCounted) {
  HpackDecoder d;
  const std::string cookie = plain("cookie", "");
  for (const std::string& field : {hex("82"), plain("a", ""), inserted("b", ""), cookie, hex("0f0f00")}) {
    EXPECT_EQ(decode(d, field + field + field, {.fields = 3}).outcome, kOk);
    EXPECT_EQ(decode(d, field + field + field + field, {.fields = 3}).outcome, kTooLarge);
  }
  EXPECT_EQ(decode(d, hex("82"), {.fields = 0}).outcome, kTooLarge);
}

TEST(HpackDecoderLimits, TheTableStaysInStepBehindTheLimit) {
  HpackDecoder d;
  const Decoded over = decode(d,
                              hex("82") + inserted("a", "1") + plain("x", std::string(100, 'x')) + inserted("b", "2") +
                                  hex("828284") + inserted("c", "3"),
                              {.list_size = 100});
  EXPECT_EQ(over.outcome, kTooLarge);
  EXPECT_THAT(over.fields, IsEmpty());
  EXPECT_THAT(decode(d, hex("bebfc0")).fields, ElementsAre(Pair("c", "3"), Pair("b", "2"), Pair("a", "1")));
}

TEST(HpackDecoderLimits, NamesByIndexOfAnEvictedEntryStayInStepBehindTheLimit) {
  HpackDecoder d(80);
  decode(d, inserted("name-of-it", "1"));
  // Each insertion takes its name from the entry that it evicts.
  const Decoded over = decode(d, hex("7e0132 7e0133 7e0134"), {.fields = 1});
  EXPECT_EQ(over.outcome, kTooLarge);
  EXPECT_THAT(decode(d, hex("be")).fields, ElementsAre(Pair("name-of-it", "4")));
}

TEST(HpackDecoderLimits, EntriesTooLargeForTheTableEmptyItBehindTheLimit) {
  HpackDecoder d(64);
  decode(d, inserted("a", "1"));
  EXPECT_EQ(decode(d, hex("8282") + inserted("c", std::string(40, 'v')), {.fields = 1}).outcome, kTooLarge);
  EXPECT_EQ(d.dynamic_entries(), 0U);
}

TEST(HpackDecoderLimits, ErrorsBehindTheLimitAreErrors) {
  for (const char* bad : {"80", "ff", "be", "0001", "00016181 1e", "400161811e", "20"}) {
    HpackDecoder d;
    EXPECT_EQ(decode(d, hex("8282") + hex(bad), {.fields = 1}).outcome, kError) << bad;
  }
}

TEST(HpackDecoderLimits, ABombOfIndicesCostsNoMoreThanItsLimits) {
  HpackDecoder d;
  ASSERT_EQ(decode(d, inserted("a", std::string(120, 'v'))).outcome, kOk);
  const Decoded bomb = decode(d, std::string(64 * 1024, '\xbe'));
  EXPECT_EQ(bomb.outcome, kTooLarge);
  EXPECT_THAT(bomb.fields, IsEmpty());
  EXPECT_LE(bomb.list.capacity(), 256U);
}

// Views and annotations.

TEST(HpackDecoderViews, LiveUntilTheNextBlockEvenWhenTheEntryIsEvicted) {
  HpackDecoder d(100);
  decode(d, inserted("first", "entry"));
  std::string block = hex("be");
  Pairs expected = {{"first", "entry"}};
  for (int i = 0; i < 60; ++i) {
    const std::string value = "value-" + std::to_string(i);
    block += inserted("k", value) + hex("be") + plain("literal", value);
    expected.insert(expected.end(), {{"k", value}, {"k", value}, {"literal", value}});
  }
  HeaderList list;
  ASSERT_EQ(d.decode(bytes_of(block), {.list_size = 100000, .fields = 1000}, list), kOk);
  EXPECT_EQ(pairs_of(list), expected);
  for (HeaderField& f : list) {
    if (f.annotation != nullptr) f.annotation->value += 1;
  }
  EXPECT_EQ(list[0].annotation->value, 1U);
}

TEST(HpackDecoderViews, LiveBehindASizeUpdateThatEvicts) {
  HpackDecoder d;
  HeaderList list;
  decode(d, inserted("a", "1"));
  ASSERT_EQ(d.decode(bytes_of(hex("20 82")), {}, list), kOk);
  EXPECT_THAT(pairs_of(list), ElementsAre(Pair(":method", "GET")));
}

TEST(HpackDecoderAnnotations, StayWithTheEntryAndDieWithIt) {
  HpackDecoder d(40);
  const Decoded made = decode(d, inserted("a", "1"));
  ASSERT_NE(made.list[0].annotation, nullptr);
  EXPECT_EQ(made.list[0].annotation->value, 0U);
  EXPECT_EQ(made.list[0].annotation->epoch, 0U);
  *made.list[0].annotation = {.value = 7, .epoch = 9};
  const Decoded again = decode(d, hex("be"));
  EXPECT_EQ(again.list[0].annotation->value, 7U);
  EXPECT_EQ(again.list[0].annotation->epoch, 9U);
  decode(d, inserted("a", "2"));
  decode(d, inserted("a", "1"));  // may get the memory of the first
  const Decoded fresh = decode(d, hex("be"));
  EXPECT_EQ(fresh.list[0].annotation->value, 0U);
  EXPECT_EQ(fresh.list[0].annotation->epoch, 0U);
}

TEST(HpackDecoderAnnotations, OnlyDynamicEntriesHaveThem) {
  HpackDecoder d;
  const Decoded x = decode(d, hex("82") + plain("a", "b"));
  EXPECT_EQ(x.list[0].annotation, nullptr);
  EXPECT_EQ(x.list[1].annotation, nullptr);
}

}  // namespace
}  // namespace pintle::http2
