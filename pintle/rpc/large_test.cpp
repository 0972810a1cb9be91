#include <pintle/rpc/large.hpp>

#include <optional>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/test_support/body.hpp>

namespace pintle {
namespace {

using test::Bell;
using test::Body;
using test::bytes_of;
using test::framed;
using test::LoneCall;
using test::Out;
using test::take;
using test::TestSink;
using test::Text;
using test::text_of;
using test::text_type;
using wire::Encoding;

const std::string kLarge(kLargeMessage + 1, 'x');

std::string packed(std::string_view message) {
  wire::Codec codec;
  return text_of(*codec.compress(Encoding::gzip, bytes_of(message)));
}

// -- What comes
// ---------------------------------------------------------------------------------------------------------

struct LargeSource : ::testing::Test {
  LargeSource() { reset(); }
  void reset(const TypeInfo* type = &text_type()) {
    source.reset(type, slot.at(), 10 * kLargeMessage);
    source.decompress_with(Encoding::gzip, codec);
  }
  // What a compute thread does, and the loop hears of.
  bool compute() {
    const bool worked = lone.compute.run_one();
    lone.turned.settle();
    return worked;
  }
  Message* poll() {
    Message* message = nullptr;
    return source.poll(message) == Poll::ready ? message : nullptr;
  }
  const int parsed_before = Text::parses;
  wire::Codec codec;
  MessageSlot slot{&text_type()};
  Body body;
  LoneCall lone;
  FramedSource source{body, lone.call};
};

TEST_F(LargeSource, IsParsedElsewhereAndThenTheReaderIsWoken) {
  Bell bell;
  EXPECT_EQ(take(source), "<pending>");
  source.arm(&bell);
  body.grow(framed(kLarge));
  source.changed();
  EXPECT_EQ(bell.rung, 0) << "the next poll would be pending";
  EXPECT_TRUE(compute());
  EXPECT_EQ(bell.rung, 1);
  Message* const message = poll();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(Text::parses, parsed_before + 1);
  EXPECT_EQ(message->as<Text>()->value, kLarge);
  EXPECT_EQ(Text::parses, parsed_before + 1) << "as() has nothing left to do";
  EXPECT_EQ(text_of(message->bytes()), kLarge);
}

TEST_F(LargeSource, WhatIsThereAtTheFirstPollIsPendingUntilThen) {
  body.grow(framed(kLarge) + framed("small"));
  body.end();
  EXPECT_EQ(take(source), "<pending>");
  EXPECT_EQ(take(source), "<pending>") << "asking again changes nothing";
  EXPECT_TRUE(compute());
  EXPECT_FALSE(compute());
  EXPECT_EQ(take(source), kLarge);
  EXPECT_EQ(body.owed, kLarge.size() + 5) << "until the next poll";
  EXPECT_EQ(body.held, kLarge.size()) << "the object; the bytes are those of the body";
  EXPECT_EQ(take(source), "small");
  EXPECT_EQ(body.owed, 0u);
  EXPECT_EQ(body.held, 0u);
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(lone.call.traffic.in.messages, 2u);
  EXPECT_EQ(lone.call.traffic.in.bytes, kLarge.size() + 5);
  EXPECT_EQ(lone.call.traffic.in.wire_bytes, kLarge.size() + 15);
}

TEST_F(LargeSource, OfExactlyTheBoundIsParsedHere) {
  body.grow(framed(std::string(kLargeMessage - 5, 'x')));
  ASSERT_NE(poll(), nullptr);
  EXPECT_EQ(lone.compute.queued(), 0u);
}

TEST_F(LargeSource, WithoutATypeThereIsNothingToParse) {
  reset(nullptr);
  body.grow(framed(kLarge));
  EXPECT_EQ(take(source), kLarge);
}

TEST_F(LargeSource, ALoopWithoutComputeThreadsDoesItItself) {
  lone.turned.loop.set_compute(nullptr);
  body.grow(framed(kLarge) + framed(packed(kLarge), 1));
  EXPECT_EQ(poll()->as<Text>()->value, kLarge);
  EXPECT_EQ(poll()->as<Text>()->value, kLarge);
}

TEST_F(LargeSource, ThatCameCompressedIsInflatedElsewhere) {
  body.grow(framed(packed(kLarge), 1) + framed(packed(std::string(1000, 'y')), 1));
  EXPECT_EQ(take(source), "<pending>") << "a thousandth of it travelled";
  EXPECT_TRUE(compute());
  Message* const message = poll();
  ASSERT_NE(message, nullptr);
  EXPECT_TRUE(message->was_compressed());
  EXPECT_EQ(message->as<Text>()->value, kLarge);
  EXPECT_EQ(body.held, 2 * kLarge.size()) << "hardly any of it is in the body";
  EXPECT_EQ(take(source), std::string(1000, 'y')) << "a small one is inflated here";
  EXPECT_EQ(body.held, 1000u);
  EXPECT_FALSE(compute());
  source.finish();
  EXPECT_EQ(body.held, 0u);
}

TEST_F(LargeSource, ACompressedOneWakesItsReaderOnceAndIsInflatedOnce) {
  Bell bell;
  source.arm(&bell);
  body.grow(framed(packed(std::string(1000, 'y')), 1));
  source.changed();
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(take(source), std::string(1000, 'y'));
  EXPECT_EQ(take(source), "<pending>");
  source.arm(&bell);
  body.grow(framed(packed(kLarge), 1));
  source.changed();
  EXPECT_EQ(bell.rung, 1);
  EXPECT_TRUE(compute());
  EXPECT_EQ(bell.rung, 2);
  EXPECT_EQ(take(source), kLarge);
}

TEST_F(LargeSource, AboveTheLimitEndsTheCall) {
  body.grow(framed(packed(std::string(10 * kLargeMessage + 1, 'x')), 1));
  EXPECT_EQ(take(source), "<pending>");
  EXPECT_TRUE(compute());
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(lone.call.scope.status().code(), Code::resource_exhausted);
}

TEST_F(LargeSource, ThatIsNoObjectIsReadAsBytes) {
  struct Never : Text {
    bool ParseFromArray(const void*, int) { return false; }
  };
  MessageSlot never(&type_of<Never>);
  source.reset(&type_of<Never>, never.at(), 10 * kLargeMessage);
  body.grow(framed(kLarge));
  EXPECT_EQ(take(source), "<pending>");
  EXPECT_TRUE(compute());
  Message* const message = poll();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->as<Never>(), nullptr);
  EXPECT_EQ(text_of(message->bytes()), kLarge);
}

TEST_F(LargeSource, ACancelledCallWaitsForNobody) {
  body.grow(framed(kLarge));
  EXPECT_EQ(take(source), "<pending>");
  lone.call.scope.cancel(Status(Code::cancelled, "the client left"));
  EXPECT_EQ(take(source), "<end>");
  EXPECT_FALSE(compute()) << "the job was withdrawn";
  EXPECT_EQ(body.owed, 0u);
}

TEST_F(LargeSource, TheNextCallOfAPooledOneHasNothingOfIt) {
  body.grow(framed(kLarge));
  EXPECT_EQ(take(source), "<pending>");
  source.finish();
  EXPECT_EQ(body.owed, 0u);
  EXPECT_EQ(body.held, 0u);
  reset();
  body.grow(framed("next"));
  EXPECT_EQ(take(source), "next");
  EXPECT_FALSE(compute());
}

TEST_F(LargeSource, WhereTooManyWaitTheCallEnds) {
  WorkerPool none(LoneCall::no_threads(0));
  lone.turned.loop.set_compute(&none);
  body.grow(framed(kLarge));
  EXPECT_EQ(take(source), "<end>");
  EXPECT_EQ(lone.call.scope.status().code(), Code::resource_exhausted);
}

// -- Handed on
// ----------------------------------------------------------------------------------------------------------

TEST_F(LargeSource, APipeTakesItsBufferAndItsObject) {
  body.grow(framed(kLarge));
  (void)poll();
  EXPECT_TRUE(compute());
  Message* const came = poll();
  ASSERT_NE(came, nullptr);
  const std::byte* const bytes = came->bytes().data();
  const void* const object = came->object();
  Pipe pipe(&text_type(), 100);
  EXPECT_EQ(pipe.sink().push(*came), Poll::pending) << "it counts as what it holds";
  test::push(pipe.sink(), "small");
  Message* message = nullptr;
  ASSERT_EQ(pipe.source().poll(message), Poll::ready);
  EXPECT_EQ(message->bytes().data(), bytes);
  EXPECT_EQ(message->as<Text>(), object);
  EXPECT_EQ(Text::parses, parsed_before + 1);
  EXPECT_EQ(pipe.sink().room(), Poll::ready);
  EXPECT_EQ(take(pipe.source()), "small");
}

TEST_F(LargeSource, APipeThatIsDroppedDropsIt) {
  for (const bool discard : {false, true}) {
    body.grow(framed(kLarge));
    (void)poll();
    EXPECT_TRUE(compute());
    Pipe pipe(&text_type());
    pipe.sink().push(*poll());
    if (discard) pipe.discard();
  }
}

// -- What goes
// ----------------------------------------------------------------------------------------------------------

struct LargeSink : ::testing::Test {
  // Runs a task whose messages are packed by compute threads, to its end.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    lone.turned.start(std::move(task), result);
    while (!result && lone.compute.run_one()) lone.turned.settle();
    return std::move(result).value();
  }
  Message measured(const Text& text) {
    Message message(&text, text_type());
    message.measure();
    return message;
  }
  LoneCall lone;
  Out out;
  TestSink sink{out};
  wire::Codec codec;
};

TEST_F(LargeSink, IsWrittenElsewhereAndGoesOutAsItIs) {
  const Text text(kLarge);
  EXPECT_EQ(run(detail::write_large(lone.call, sink, measured(text), lone.call.scope)), Status());
  EXPECT_EQ(out.bytes, "<head>" + framed(kLarge));
  EXPECT_EQ(out.handed_over, 1);
  EXPECT_EQ(sink.count.messages, 1u);
  EXPECT_EQ(sink.count.bytes, kLarge.size());
  EXPECT_EQ(sink.count.wire_bytes, kLarge.size() + 5);
}

TEST_F(LargeSink, IsDeflatedElsewhere) {
  sink.compress_with(Encoding::gzip, codec);
  const Text text(kLarge);
  EXPECT_EQ(run(detail::write_large(lone.call, sink, measured(text), lone.call.scope)), Status());
  EXPECT_EQ(out.bytes, "<head>" + framed(packed(kLarge), 1));
  EXPECT_EQ(out.handed_over, 1);
}

TEST_F(LargeSink, ThatForbidsItIsNotDeflated) {
  sink.compress_with(Encoding::gzip, codec);
  const Text text(kLarge);
  Message message = measured(text);
  message.without_compression();
  EXPECT_EQ(run(detail::write_large(lone.call, sink, message, lone.call.scope)), Status());
  EXPECT_EQ(out.bytes, "<head>" + framed(kLarge));
}

TEST_F(LargeSink, WhereNoThreadHasTimeItIsWrittenHere) {
  WorkerPool none(LoneCall::no_threads(0));
  for (WorkerPool* pool : {&none, static_cast<WorkerPool*>(nullptr)}) {
    out.bytes.clear();
    lone.turned.loop.set_compute(pool);
    const Text text(kLarge);
    EXPECT_EQ(run(detail::write_large(lone.call, sink, measured(text), lone.call.scope)), Status());
    EXPECT_THAT(out.bytes, ::testing::EndsWith(framed(kLarge)));
  }
  EXPECT_EQ(out.handed_over, 0);
}

// They are memory that nobody counts.
TEST_F(LargeSink, OnlyFourObjectsOfALoopWaitToBeWritten) {
  const Text text(kLarge);
  std::vector<std::optional<Status>> done(6);
  for (std::optional<Status>& one : done)
    lone.turned.start(detail::write_large(lone.call, sink, measured(text), lone.call.scope), one);
  EXPECT_EQ(lone.compute.queued(), 4u);
  EXPECT_TRUE(done[4] && done[5]) << "written here";
  EXPECT_FALSE(done[0] || done[3]);
  while (lone.compute.run_one()) lone.turned.settle();
  for (const std::optional<Status>& one : done) EXPECT_EQ(one, Status());
  std::optional<Status> later;
  lone.turned.start(detail::write_large(lone.call, sink, measured(text), lone.call.scope), later);
  EXPECT_EQ(lone.compute.queued(), 1u);
  EXPECT_TRUE(lone.compute.run_one());
  lone.turned.settle();
  EXPECT_EQ(out.handed_over, 5);
}

TEST_F(LargeSink, ItsObjectIsInUseUntilTheJobIsOverThoughTheCallIsCancelled) {
  const Text text(kLarge);
  std::optional<Status> done;
  lone.turned.start(detail::write_large(lone.call, sink, measured(text), lone.call.scope), done);
  lone.call.scope.cancel(Status(Code::cancelled, "the client left"));
  lone.turned.settle();
  EXPECT_FALSE(done);
  EXPECT_TRUE(lone.compute.run_one());
  lone.turned.settle();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->code(), Code::cancelled);
  EXPECT_EQ(out.bytes, "");
}

TEST_F(LargeSink, WhatItsTypeThrowsEndsTheCall) {
  struct Bad : Text {
    using Text::Text;
    void SerializeWithCachedSizesToArray(std::uint8_t*) const { throw std::runtime_error("no"); }
  };
  const Bad bad(kLarge);
  Message message(&bad, type_of<Bad>);
  message.measure();
  EXPECT_EQ(run(detail::write_large(lone.call, sink, message, lone.call.scope)).code(), Code::unknown);
  EXPECT_EQ(out.bytes, "");
}

TEST_F(LargeSink, PushedTwiceIsAnErrorAndNotAnEmptyMessage) {
  LargeMessage large;
  large.plain.append(kLarge);
  Message message(large.plain.bytes(), nullptr, nullptr);
  message.set_large(large, large.plain.bytes());
  EXPECT_EQ(sink.push(message), Poll::ready);
  const std::string once = out.bytes;
  EXPECT_THROW(sink.push(message), std::logic_error);
  Pipe pipe(nullptr);
  EXPECT_THROW(pipe.sink().push(message), std::logic_error);
  EXPECT_EQ(out.bytes, once);
}

TEST_F(LargeSink, BytesAreDeflatedAndComeBack) {
  LargeMessage large;
  large.plain.append(kLarge);
  Message message(large.plain.bytes(), nullptr, nullptr);
  message.set_large(large, large.plain.bytes());
  const std::byte* const at = message.bytes().data();
  const auto held = run(detail::deflate(message, Encoding::gzip));
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(message.bytes().data(), at) << "nothing is copied";
  sink.compress_with(Encoding::gzip, codec);
  EXPECT_EQ(sink.push(message), Poll::ready);
  EXPECT_EQ(out.bytes, "<head>" + framed(packed(kLarge), 1));
}

}  // namespace
}  // namespace pintle
