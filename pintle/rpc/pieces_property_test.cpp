// Long messages go straight into the frames that carry them, wherever those are cut.
#include <cstring>
#include <stdexcept>

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <rapidcheck/gtest.h>

#include <pintle/rpc/test_support/body.hpp>

namespace pintle {
namespace {

using google::protobuf::ListValue;
using test::framed;
using test::Out;
using test::TestSink;
using ::testing::Each;

constexpr std::size_t kLong = 20'000;

std::size_t any_piece() {
  return *rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 40), rc::gen::inRange<std::size_t>(40, 30'000));
}

RC_GTEST_PROP(Pieces, ALongObjectIsTheSameHoweverItsFramesAreCut, ()) {
  ListValue list;
  const auto lengths = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3000));
  for (const int n : lengths) list.add_values()->set_string_value(std::string(static_cast<std::size_t>(n), 'v'));
  list.add_values()->set_string_value(std::string(kLong, 'l'));
  Out out;
  out.piece = any_piece();
  TestSink sink(out);
  if (*rc::gen::arbitrary<bool>()) sink.end_with_next();
  RC_ASSERT(sink.push(Message(&list, type_of<ListValue>)) == Poll::ready);
  RC_ASSERT(out.pieces > 0);
  RC_ASSERT(out.bytes == "<head>" + framed(list.SerializeAsString()));
}

RC_GTEST_PROP(Pieces, AreLongBytesAsTheyAre, (std::string text)) {
  text += std::string(kLong, 'l');
  Out out;
  out.piece = any_piece();
  TestSink sink(out);
  RC_ASSERT(sink.push(Message(test::bytes_of(text), nullptr, nullptr)) == Poll::ready);
  RC_ASSERT(out.pieces > 0);
  RC_ASSERT(out.bytes == "<head>" + framed(text));
}

TEST(LongMessage, ThatNobodyTakesEndsTheWriter) {
  ListValue list;
  list.add_values()->set_string_value(std::string(kLong, 'l'));
  for (const int taken : {0, 1, 3}) {
    Out out;
    out.piece = 1000;
    out.open_for = taken;
    TestSink sink(out);
    EXPECT_EQ(sink.push(Message(&list, type_of<ListValue>)), Poll::end) << taken;
  }
}

// Its frames are on their way: they must not carry what was in memory before.
TEST(LongMessage, WhoseEncodingFailsLeavesNothingOfTheMemoryItWasGiven) {
  static constexpr TypeInfo kFails = {.name = [] { return std::string_view("Fails"); },
                                      .slot = nullptr,
                                      .drop = nullptr,
                                      .parse = nullptr,
                                      .size = [](const void*) { return kLong; },
                                      .encode = nullptr,
                                      .encode_pieces =
                                          [](const void*, Pieces& to) {
                                            std::memset(to.next().data(), 'a', 10);
                                            to.next();
                                            throw std::runtime_error("half way");
                                          }};
  const int object = 0;
  Out out;
  out.piece = 3000;
  out.fresh = '!';
  TestSink sink(out);
  EXPECT_THROW(sink.push(Message(&object, kFails)), std::runtime_error);
  const std::string body = out.bytes.substr(6 + 5);
  EXPECT_EQ(body.size(), kLong);
  EXPECT_EQ(body.find('!', 3000 - 5), std::string::npos);
}

}  // namespace
}  // namespace pintle
