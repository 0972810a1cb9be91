#include <gtest/gtest.h>

#include <pintle/http2/hpack/internal/integer.hpp>
#include <pintle/http2/hpack/test_support/allocations.hpp>
#include <pintle/http2/hpack/test_support/fields.hpp>

namespace pintle::http2 {
namespace {

using namespace hpack_test;

const Pairs kCall = {{":method", "POST"},         {":scheme", "http"},
                     {":path", "/echo.Echo/Say"}, {":authority", "127.0.0.1:50051"},
                     {"te", "trailers"},          {"content-type", "application/grpc"}};

struct Pair {
  HpackEncoder encoder;
  HpackDecoder decoder;
  Buffer out;
  HeaderList list;

  void call(const PreparedBlock& block, std::span<const OutField> more) {
    out.clear();
    list.clear();
    encoder.encode(block, more, out);
    if (decoder.decode(out.bytes(), {}, list) != DecodeOutcome::ok) ADD_FAILURE() << "not decoded";
  }
};

TEST(HpackAllocation, NoneForCallsThatRepeatOrCarryLiterals) {
  Pair pair;
  const PreparedBlock block(1, kCall);
  const std::string id(200, 'i');
  const auto calls = [&] {
    for (int i = 0; i < 100; ++i) {
      pair.call(block, {});
      const OutField literals[] = {{"grpc-timeout", "999m", Indexing::without},
                                   {"x-request-id", id, Indexing::without},
                                   {"authorization", "Bearer 123456789", Indexing::never}};
      pair.call(block, literals);
    }
  };
  calls();
  const std::size_t before = allocations().count;
  calls();
  EXPECT_EQ(allocations().count, before);
}

// A peer that inserts a new value with each call evicts an old one: the memory goes round.
TEST(HpackAllocation, NoneForInsertionsThatEvict) {
  Pair pair;
  const PreparedBlock block(1, kCall);
  int number = 1000;
  const auto calls = [&] {
    for (int i = 0; i < 500; ++i) {
      char value[16];
      const int size = std::snprintf(value, sizeof value, "%d", number++);
      const OutField more[] = {{"x-number", {value, static_cast<std::size_t>(size)}, Indexing::incremental}};
      pair.call(block, more);
    }
  };
  for (int i = 0; i < 4; ++i) calls();
  const std::size_t before = allocations().count;
  calls();
  EXPECT_EQ(allocations().count, before);
}

// 64 KiB of indices of a field of 4 KB: 256 MB if they were believed.
TEST(HpackAllocation, BombsTakeNoMoreThanTheLimits) {
  HpackDecoder decoder;
  HeaderList list;
  const auto number = [](int pattern, std::uint32_t n) {
    std::uint8_t bytes[hpack::kMaxIntegerBytes];
    const std::uint8_t* const end = hpack::write_integer(bytes, static_cast<std::uint8_t>(pattern), 0x7f, n);
    return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(end - bytes));
  };
  const std::string long_text = number(0, 3900) + std::string(3900, 'v');
  ASSERT_EQ(decoder.decode(bytes_of(hex("400161") + long_text), {}, list), DecodeOutcome::ok);
  const std::string indices(64 * 1024, '\xbe');
  ASSERT_EQ(decoder.decode(bytes_of(hex("40") + long_text + hex("00")), {}, list), DecodeOutcome::ok);
  std::string names;  // insertions whose name is long and comes by index
  for (int i = 0; i < 2000; ++i) names += hex("7e00");
  const std::string coded = hex("000161") + number(0x80, 65000) + std::string(65000, '\0');  // 104 000 times '0'
  for (const std::string& bomb : {indices, names, coded}) {
    list.clear();
    const std::size_t before = allocations().bytes;
    EXPECT_EQ(decoder.decode(bytes_of(bomb), {}, list), DecodeOutcome::too_large);
    EXPECT_LT(allocations().bytes - before, 64U * 1024);
    EXPECT_TRUE(list.empty());
  }
}

}  // namespace
}  // namespace pintle::http2
