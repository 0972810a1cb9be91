#include <pintle/rpc/framed.hpp>

#include <gmock/gmock.h>

#include <pintle/rpc/test_support/body.hpp>

namespace pintle {
namespace {

using test::Bell;
using test::Body;
using test::bytes_of;
using test::framed;
using test::LoneCall;
using test::Out;
using test::push;
using test::take;
using test::TestSink;
using test::Text;
using test::text_of;
using ::testing::HasSubstr;
using wire::Encoding;

constexpr Encoding kCodings[] = {Encoding::gzip, Encoding::deflate, Encoding::zstd};

std::string packed(Encoding encoding, std::string_view message) {
  wire::Codec codec;
  const auto bytes = codec.compress(encoding, bytes_of(message));
  EXPECT_TRUE(bytes) << "too short to be compressed: " << message;
  return bytes ? text_of(*bytes) : std::string();
}

struct Framed : ::testing::Test {
  Framed() { source.reset(nullptr, nullptr, 1000); }
  void grow(std::string_view more) {
    body.grow(more);
    source.changed();
  }
  void end() {
    body.end();
    source.changed();
  }
  Body body;
  LoneCall lone;
  CancelScope& scope = lone.call.scope;
  TrafficCount& count = lone.call.traffic.in;
  FramedSource source{body, lone.call};
};

using FramedSourceTest = Framed;

TEST_F(FramedSourceTest, ReadsMessagesWhereverTheBytesAreSplit) {
  const std::string all = framed("one") + framed("") + framed(std::string(300, 'x'));
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Body bytes;
    FramedSource reader(bytes, lone.call);
    reader.reset(nullptr, nullptr, 1000);
    std::vector<std::string> got;
    const auto drain = [&] {
      for (std::string text = take(reader); text != "<pending>" && text != "<end>"; text = take(reader))
        got.push_back(text);
    };
    bytes.grow(all.substr(0, cut));
    drain();
    bytes.grow(all.substr(cut));
    bytes.end();
    drain();
    ASSERT_EQ(got, (std::vector<std::string>{"one", "", std::string(300, 'x')})) << "cut at " << cut;
    ASSERT_EQ(bytes.body().size(), 0u);
  }
  EXPECT_FALSE(scope.cancelled());
}

TEST_F(FramedSourceTest, AnEmptyBodyIsAnEndWithoutError) {
  EXPECT_EQ(take(source), "<pending>");
  end();
  EXPECT_EQ(take(source), "<end>");
  EXPECT_FALSE(scope.cancelled());
}

TEST_F(FramedSourceTest, AMessageIsConsumedWhenTheNextIsAskedFor) {
  grow(framed("one") + framed("two"));
  Message* one = nullptr;
  ASSERT_EQ(source.poll(one), Poll::ready);
  EXPECT_EQ(body.body().size(), 16u);
  grow(framed("three"));
  EXPECT_EQ(text_of(one->bytes()), "one") << "it follows its bytes";
  EXPECT_EQ(take(source), "two");
  EXPECT_EQ(body.body().size(), 18u);
}

TEST_F(FramedSourceTest, AFlagThatGrpcDoesNotKnowIsInternal) {
  grow(framed("x", 2));
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(scope.status().code(), Code::internal);
}

TEST_F(FramedSourceTest, ACompressedMessageWithoutAnEncodingIsInternal) {
  grow(framed("x", 1));
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(scope.status().code(), Code::internal);
}

TEST_F(FramedSourceTest, AMessageAboveTheLimitIsRefusedByItsPrefixAlone) {
  Bell bell;
  EXPECT_EQ(take(source), "<pending>");
  source.arm(&bell);
  grow(framed(std::string(1001, 'x')).substr(0, 5));
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(scope.status().code(), Code::resource_exhausted);
  EXPECT_LE(body.expected, 5u) << "its bytes must not be asked for";
}

TEST_F(FramedSourceTest, AMessageAtTheLimitIsRead) {
  grow(framed(std::string(1000, 'x')));
  EXPECT_EQ(take(source).size(), 1000u);
  EXPECT_EQ(source.largest(), 1000u);
}

TEST_F(FramedSourceTest, ABodyThatEndsInsideAMessageIsInternal) {
  for (const std::string& half : {framed("message").substr(0, 8), framed("message").substr(0, 3)}) {
    Body bytes;
    LoneCall own;
    CancelScope& call = own.call.scope;
    FramedSource reader(bytes, own.call);
    reader.reset(nullptr, nullptr, 1000);
    bytes.grow(half);
    EXPECT_EQ(take(reader), "<pending>");
    Bell bell;
    reader.arm(&bell);
    bytes.end();
    reader.changed();
    EXPECT_EQ(bell.rung, 1);
    EXPECT_EQ(take(reader), "<end>");
    EXPECT_EQ(call.status().code(), Code::internal);
  }
}

// One byte at a time: the reader sleeps until the whole message is there, and the peer is allowed to send it.
TEST_F(FramedSourceTest, WakesOnlyForAWholeMessageAndAsksForAllOfIt) {
  Bell bell;
  EXPECT_EQ(take(source), "<pending>");
  source.arm(&bell);
  const std::string all = framed("message");
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    grow(all.substr(i, 1));
    ASSERT_EQ(bell.rung, 0) << "after " << i + 1 << " bytes";
  }
  EXPECT_EQ(body.expected, all.size());
  grow(all.substr(all.size() - 1));
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(take(source), "message");
}

TEST_F(FramedSourceTest, ACancelledCallReadsNoMore) {
  grow(framed("one"));
  scope.cancel(Status(Code::cancelled, "gone"));
  EXPECT_EQ(take(source), "<end>");
}

TEST_F(FramedSourceTest, TheNextCallStartsAfresh) {
  grow(framed("left"));
  take(source);
  body.become(framed("next"));
  source.reset(nullptr, nullptr, 1000);
  EXPECT_EQ(take(source), "next");
}

// -- Compressed messages ----------------------------------------------------------------------------------------------

struct CompressedSourceTest : Framed {
  void reset(Encoding encoding, std::size_t limit = 1000) {
    source.reset(nullptr, nullptr, limit);
    source.decompress_with(encoding, codec);
  }
  wire::Codec codec;
  const std::string text = std::string(300, 'a') + std::string(300, 'b');
};

TEST_F(CompressedSourceTest, GivesWhatWasCompressedBetweenMessagesThatWereNot) {
  for (const Encoding encoding : kCodings) {
    reset(encoding);
    grow(framed("one") + framed(packed(encoding, text), 1) + framed("") + framed(packed(encoding, text), 1));
    for (const auto& [wanted, compressed] : {std::pair<std::string, bool>{"one", false}, {text, true}, {"", false}}) {
      Message* message = nullptr;
      ASSERT_EQ(source.poll(message), Poll::ready) << wire::encoding_name(encoding);
      EXPECT_EQ(text_of(message->bytes()), wanted);
      EXPECT_EQ(message->was_compressed(), compressed);
    }
    EXPECT_EQ(take(source), text);
    EXPECT_EQ(take(source), "<pending>");
    EXPECT_EQ(source.largest(), text.size()) << "of what is parsed, not of what travelled";
  }
}

TEST_F(CompressedSourceTest, TheBytesOfAMessageStayWhenTheBodyMoves) {
  reset(Encoding::gzip);
  const std::string frame = framed(packed(Encoding::gzip, text), 1);
  grow(frame);
  Message* held = nullptr;
  ASSERT_EQ(source.poll(held), Poll::ready);
  const std::byte* const at = held->bytes().data();
  grow(framed("a message that is longer than the compressed one was, so that its bytes stand where those stood"));
  EXPECT_EQ(held->bytes().data(), at);
  EXPECT_EQ(text_of(held->bytes()), text);
  EXPECT_GT(body.body().size(), frame.size()) << "what it came from is consumed with it, not before";
  EXPECT_THAT(take(source), HasSubstr("a message that is longer"));
}

TEST_F(CompressedSourceTest, IsParsedLikeAnyOther) {
  MessageSlot slot(&type_of<Text>);
  source.reset(&type_of<Text>, slot.at(), 1000);
  source.decompress_with(Encoding::zstd, codec);
  grow(framed(packed(Encoding::zstd, text), 1));
  Message* message = nullptr;
  ASSERT_EQ(source.poll(message), Poll::ready);
  EXPECT_EQ(message->as<Text>()->value, text);
}

TEST_F(CompressedSourceTest, TheLimitHoldsForBothSizes) {
  for (const Encoding encoding : kCodings) {
    LoneCall own;
    CancelScope& call = own.call.scope;
    FramedSource reader(body, own.call);
    body.become(framed(packed(encoding, std::string(1000, 'x')), 1) +
                framed(packed(encoding, std::string(1001, 'x')), 1));
    reader.reset(nullptr, nullptr, 1000);
    reader.decompress_with(encoding, codec);
    EXPECT_EQ(take(reader).size(), 1000u);
    EXPECT_EQ(take(reader), "<end>");
    EXPECT_EQ(call.status().code(), Code::resource_exhausted) << wire::encoding_name(encoding);
    EXPECT_THAT(std::string(call.status().message()), HasSubstr("1000"));
  }
  // As it travels: the prefix is enough.
  reset(Encoding::gzip);
  body.become(framed(std::string(1001, 'x'), 1).substr(0, 5));
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(scope.status().code(), Code::resource_exhausted);
}

TEST_F(CompressedSourceTest, DataThatAreBrokenEndTheCallAsInternal) {
  for (const Encoding encoding : kCodings) {
    const std::string whole = packed(encoding, text);
    for (const std::string& data :
         {std::string(), std::string("junk"), whole.substr(0, whole.size() - 1), whole + "x"}) {
      LoneCall own;
      CancelScope& call = own.call.scope;
      FramedSource reader(body, own.call);
      reader.reset(nullptr, nullptr, 1000);
      reader.decompress_with(encoding, codec);
      body.become(framed(data, 1) + framed("never read"));
      EXPECT_EQ(take(reader), "<end>");
      EXPECT_EQ(call.status().code(), Code::internal) << wire::encoding_name(encoding);
      EXPECT_EQ(take(reader), "<end>");
    }
  }
}

TEST_F(CompressedSourceTest, TheNextCallHasNoEncodingUntilItsHeadNamesOne) {
  reset(Encoding::gzip);
  source.reset(nullptr, nullptr, 1000);
  grow(framed(packed(Encoding::gzip, text), 1));
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(scope.status().code(), Code::internal);
}

TEST_F(CompressedSourceTest, MemoryIsKeptForTheNextCallUnlessItIsMuch) {
  reset(Encoding::zstd, 1 << 20);
  EXPECT_EQ(source.kept_memory(), 0u) << "a call whose messages come plain costs nothing";
  grow(framed(packed(Encoding::zstd, text), 1));
  EXPECT_EQ(take(source), text);
  source.finish();
  EXPECT_GE(source.kept_memory(), text.size());

  body.become(framed(packed(Encoding::zstd, std::string(200'000, 'x')), 1));
  reset(Encoding::zstd, 1 << 20);
  EXPECT_EQ(take(source).size(), 200'000u);
  source.finish();
  EXPECT_EQ(source.kept_memory(), 0u);
}

TEST(FramedSinkTest, PutsAPrefixBeforeEachMessageAndTheHeadBeforeTheFirst) {
  Out out;
  TestSink sink(out);
  EXPECT_EQ(push(sink, "one"), Poll::ready);
  EXPECT_EQ(push(sink, ""), Poll::ready);
  EXPECT_EQ(out.bytes, "<head>" + framed("one") + framed(""));
  EXPECT_EQ(sink.largest(), 3u);
}

TEST(FramedSinkTest, EndsTheBodyWithTheLastMessage) {
  Out out;
  TestSink sink(out);
  sink.end_with_next();
  push(sink, "all");
  EXPECT_FALSE(out.open);
  EXPECT_EQ(push(sink, "late"), Poll::end);
  EXPECT_EQ(out.bytes, "<head>" + framed("all"));
}

TEST(FramedSinkTest, AWriterWaitsForRoomAndIsWokenByItOrByTheEnd) {
  Out out;
  TestSink sink(out);
  out.writable = false;
  EXPECT_EQ(push(sink, "taken"), Poll::pending);
  EXPECT_EQ(sink.room(), Poll::pending);
  Bell bell;
  sink.arm(&bell);
  sink.changed();
  EXPECT_EQ(bell.rung, 0);
  out.writable = true;
  sink.changed();
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(sink.room(), Poll::ready);

  out.writable = out.open = false;
  sink.arm(&bell);
  sink.changed();
  EXPECT_EQ(bell.rung, 2);
  EXPECT_EQ(sink.room(), Poll::end);
}

// What a reader of the bytes would be given: the texts, those in brackets that travelled compressed.
std::vector<std::string> read_back(const Out& out, Encoding encoding) {
  Body body;
  body.become(out.bytes.substr(out.bytes.find("<head>") + 6));
  body.end();
  LoneCall lone;
  CancelScope& scope = lone.call.scope;
  wire::Codec codec;
  FramedSource source(body, lone.call);
  source.reset(nullptr, nullptr, SIZE_MAX);
  source.decompress_with(encoding, codec);
  std::vector<std::string> texts;
  for (Message* message = nullptr; source.poll(message) == Poll::ready;) {
    const std::string text = text_of(message->bytes());
    texts.push_back(message->was_compressed() ? "[" + text + "]" : text);
  }
  EXPECT_EQ(scope.status(), Status());
  return texts;
}

struct CompressedSinkTest : ::testing::Test {
  Out out;
  TestSink sink{out};
  wire::Codec codec;
  const std::string text = std::string(300, 'a');
};

TEST_F(CompressedSinkTest, CompressesObjectsAndBytesWhereThatMakesThemSmaller) {
  for (const Encoding encoding : kCodings) {
    out.bytes.clear();
    sink.reset();
    sink.compress_with(encoding, codec);
    push(sink, text);
    const Text object(text + "b");
    EXPECT_EQ(sink.push(Message(&object, type_of<Text>)), Poll::ready);
    push(sink, "short");
    push(sink, "");
    EXPECT_THAT(read_back(out, encoding), ::testing::ElementsAre("[" + text + "]", "[" + text + "b]", "short", ""))
        << wire::encoding_name(encoding);
    EXPECT_LT(out.bytes.size(), 200u);
    EXPECT_EQ(sink.largest(), text.size() + 1);
  }
}

TEST_F(CompressedSinkTest, AMessageThatForbidsItIsSentAsItIsAndTheNextOneIsNot) {
  sink.compress_with(Encoding::gzip, codec);
  push(sink, text);
  sink.push(Message(bytes_of(text), nullptr, nullptr).without_compression());
  push(sink, text);
  EXPECT_THAT(read_back(out, Encoding::gzip), ::testing::ElementsAre("[" + text + "]", text, "[" + text + "]"));
}

TEST_F(CompressedSinkTest, WithoutAnEncodingNothingIsCompressed) {
  push(sink, text);
  sink.compress_with(Encoding::gzip, codec);
  sink.reset();
  push(sink, text);
  EXPECT_EQ(out.bytes, "<head>" + framed(text) + "<head>" + framed(text));
}

TEST_F(CompressedSinkTest, TheLastMessageEndsTheBodyAndAWriterWaitsAsEver) {
  sink.compress_with(Encoding::zstd, codec);
  out.writable = false;
  EXPECT_EQ(push(sink, text), Poll::pending);
  out.writable = true;
  sink.end_with_next();
  push(sink, text);
  EXPECT_FALSE(out.open);
  EXPECT_EQ(push(sink, text), Poll::end);
}

}  // namespace
}  // namespace pintle
