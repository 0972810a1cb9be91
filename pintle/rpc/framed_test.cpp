#include <pintle/rpc/framed.hpp>

#include <array>

#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::Bell;
using test::bytes_of;
using test::push;
using test::take;
using test::text_of;

std::string framed(std::string_view message, char flag = 0) {
  const auto n = static_cast<std::uint32_t>(message.size());
  std::string out{flag, static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                  static_cast<char>(n)};
  return out.append(message);
}

// A body that a test fills; every growth moves the bytes.
struct Body final : ByteInflow {
  std::span<const std::byte> body() const override { return bytes_of(*bytes); }
  bool body_ended() const override { return ended; }
  void consume(std::size_t n) override {
    ASSERT_LE(n, bytes->size());
    bytes->erase(0, n);
  }
  void expect(std::size_t total) override { expected = total; }
  void grow(std::string_view more) { bytes = std::make_unique<std::string>(*bytes + std::string(more)); }

  std::unique_ptr<std::string> bytes = std::make_unique<std::string>();
  bool ended = false;
  std::size_t expected = 0;
};

struct Framed : ::testing::Test {
  Framed() { source.reset(nullptr, nullptr, 1000); }
  void grow(std::string_view more) {
    body.grow(more);
    source.changed();
  }
  void end() {
    body.ended = true;
    source.changed();
  }
  Body body;
  CancelScope scope;
  FramedSource source{body, scope};
};

using FramedSourceTest = Framed;

TEST_F(FramedSourceTest, ReadsMessagesWhereverTheBytesAreSplit) {
  const std::string all = framed("one") + framed("") + framed(std::string(300, 'x'));
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Body bytes;
    FramedSource reader(bytes, scope);
    reader.reset(nullptr, nullptr, 1000);
    std::vector<std::string> got;
    const auto drain = [&] {
      for (std::string text = take(reader); text != "<pending>" && text != "<end>"; text = take(reader))
        got.push_back(text);
    };
    bytes.grow(all.substr(0, cut));
    drain();
    bytes.grow(all.substr(cut));
    bytes.ended = true;
    drain();
    ASSERT_EQ(got, (std::vector<std::string>{"one", "", std::string(300, 'x')})) << "cut at " << cut;
    ASSERT_EQ(bytes.bytes->size(), 0u);
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
  EXPECT_EQ(body.bytes->size(), 16u);
  grow(framed("three"));
  EXPECT_EQ(text_of(one->bytes()), "one") << "it follows its bytes";
  EXPECT_EQ(take(source), "two");
  EXPECT_EQ(body.bytes->size(), 18u);
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
    CancelScope call;
    FramedSource reader(bytes, call);
    reader.reset(nullptr, nullptr, 1000);
    bytes.grow(half);
    EXPECT_EQ(take(reader), "<pending>");
    Bell bell;
    reader.arm(&bell);
    bytes.ended = true;
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
  *body.bytes = framed("next");
  source.reset(nullptr, nullptr, 1000);
  EXPECT_EQ(take(source), "next");
}

struct Out final : ByteOutflow {
  std::byte* write_body(std::size_t n, bool end) override {
    if (!open) return nullptr;
    open = !end;
    bytes.resize(bytes.size() + n);
    return reinterpret_cast<std::byte*>(bytes.data() + bytes.size() - n);
  }
  bool body_writable() const override { return writable; }
  bool body_open() const override { return open; }
  std::string bytes;
  bool open = true, writable = true;
};

struct TestSink final : FramedSink {
  explicit TestSink(Out& o) : FramedSink(o), out(o) {}
  void head(const Metadata&) override {}
  void before_first() override { out.bytes += "<head>"; }
  Out& out;
};

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

}  // namespace
}  // namespace pintle
