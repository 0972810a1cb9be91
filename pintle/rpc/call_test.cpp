// A call's waits, its deadline, its attempts and what a pool forgets.
#include <optional>

#include <gmock/gmock.h>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using std::chrono::seconds;
using test::method_of_kind;
using test::push;
using test::take;
using test::Text;
using test::TurnedLoop;
using ::testing::ElementsAre;

constexpr MethodInfo kBidi = method_of_kind(Kind::bidi);

struct CallTest : ::testing::Test {
  Task<Result<std::string>> read() {
    Result<Message*> message = co_await call.read();
    if (!message) co_return std::unexpected(message.error());
    if (*message == nullptr) co_return std::string("<end>");
    co_return test::text_of((*message)->bytes());
  }
  Task<Status> write(std::string text) {
    const Text object(std::move(text));
    const Message message(&object, type_of<Text>);
    co_return co_await call.write(message);
  }
  TurnedLoop turned;
  Pipe in{&type_of<Text>}, out{&type_of<Text>, 100};
  CancelScope server;
  LayerCall call{turned.loop, kBidi, in.source(), out.sink(), &server};
};

TEST_F(CallTest, AReadWaitsForTheMessageAndSeesTheEnd) {
  std::optional<Result<std::string>> one, two;
  turned.start(read(), one);
  EXPECT_FALSE(one);
  push(in.sink(), "hello");
  turned.settle();
  EXPECT_EQ(one->value(), "hello");
  turned.start(read(), two);
  in.close();
  turned.settle();
  EXPECT_EQ(two->value(), "<end>");
}

TEST_F(CallTest, AReadThatWaitsReturnsTheStatusOfTheCancelledCall) {
  std::optional<Result<std::string>> got;
  turned.start(read(), got);
  server.cancel(Status(Code::unavailable, "stopping"));
  turned.settle();
  EXPECT_EQ(got->error(), Status(Code::unavailable, "stopping"));
  push(in.sink(), "late");
  got.reset();
  turned.start(read(), got);
  EXPECT_EQ(got->error().code(), Code::unavailable) << "what came later is not read";
}

TEST_F(CallTest, AWriteWaitsForRoom) {
  std::optional<Status> small, large;
  turned.start(write("small"), small);
  EXPECT_TRUE(small->ok());
  turned.start(write(std::string(200, 'x')), large);
  EXPECT_FALSE(large);
  take(out.source());
  take(out.source());
  turned.settle();
  EXPECT_TRUE(large->ok());
}

TEST_F(CallTest, AWriterHearsThatNobodyReadsAnyMore) {
  std::optional<Status> waiting, late;
  turned.start(write(std::string(200, 'x')), waiting);
  out.abandon();
  turned.settle();
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->code(), Code::unavailable);
  turned.start(write("late"), late);
  EXPECT_EQ(late->code(), Code::unavailable);
}

TEST_F(CallTest, AWriteThatWaitsIsCutShortByTheDeadline) {
  std::optional<Status> waiting;
  call.set_deadline(Deadline(turned.clock.at + seconds(3)));
  turned.start(write(std::string(200, 'x')), waiting);
  turned.pass(seconds(2));
  EXPECT_FALSE(waiting);
  turned.pass(seconds(1));
  EXPECT_EQ(waiting->code(), Code::deadline_exceeded);
  EXPECT_EQ(call.scope.status().origin(), Origin::library);
}

TEST_F(CallTest, ADeadlineThatIsPastEndsTheCallAtOnce) {
  call.set_deadline(Deadline(turned.clock.at));
  EXPECT_EQ(call.scope.status().code(), Code::deadline_exceeded);
}

// Two coroutines that never suspend of their own would keep the loop to themselves.
TEST_F(CallTest, AReaderWithMuchToReadLetsOthersHaveTheirTurn) {
  for (int i = 0; i < 1000; ++i) push(in.sink(), "x");
  in.close();
  bool other = false;
  int before = 0;
  auto greedy = [&]() -> Task<int> {
    int n = 0;
    while (Result<Message*> m = co_await call.read()) {
      if (*m == nullptr) break;
      ++n;
      if (!other) ++before;
    }
    co_return n;
  };
  auto polite = [&]() -> Task<int> {
    other = true;
    co_return 0;
  };
  std::optional<int> a, b;
  turned.start(greedy(), a);
  turned.start(polite(), b);
  turned.settle();
  EXPECT_EQ(a, 1000);
  EXPECT_LT(before, 1000);
}

struct Draining : CallTest {
  Draining() { call.draining = &drain; }
  Task<Status> wait_for_drain() { co_return co_await call.drained(); }
  CancelScope drain;
  std::optional<Status> heard;
};

TEST_F(Draining, IsHeardByWhoWaitsForItAndTheCallGoesOn) {
  turned.start(wait_for_drain(), heard);
  EXPECT_FALSE(heard);
  EXPECT_FALSE(call.is_draining());
  drain.cancel(Status(Code::unavailable, "the server stops"), CancelCause::shutdown);
  turned.settle();
  EXPECT_EQ(heard, Status());
  EXPECT_TRUE(call.is_draining());
  EXPECT_FALSE(call.cancelled());
}

TEST_F(Draining, WaitingForItHearsOfTheEndOfTheCall) {
  turned.start(wait_for_drain(), heard);
  call.scope.cancel(Status(Code::cancelled, "the client is gone"), CancelCause::peer_reset);
  turned.settle();
  EXPECT_EQ(heard, Status(Code::cancelled, "the client is gone"));
}

TEST_F(Draining, ThatHasBegunIsHeardAtOnceUnlessTheCallIsOver) {
  drain.cancel(Status(Code::unavailable, "the server stops"), CancelCause::shutdown);
  turned.start(wait_for_drain(), heard);
  EXPECT_EQ(heard, Status());
  heard.reset();
  call.scope.cancel(Status(Code::cancelled, "the client is gone"), CancelCause::peer_reset);
  turned.start(wait_for_drain(), heard);
  EXPECT_EQ(heard, Status(Code::cancelled, "the client is gone"));
}

TEST_F(Draining, NeverComesWhereNobodyDrains) {
  call.draining = nullptr;
  call.set_deadline(Deadline(turned.clock.at + seconds(1)));
  turned.start(wait_for_drain(), heard);
  EXPECT_FALSE(call.is_draining());
  turned.pass(seconds(1));
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->code(), Code::deadline_exceeded);
}

TEST_F(CallTest, APooledCallForgetsTheLastOne) {
  call.request_metadata.add("a", "b");
  call.response_head.add("a", "b");
  call.response_trailers.add("a", "b");
  call.set_identity(std::make_shared<const Identity>(Identity().subject("somebody")));
  call.facts.attempt = 2;
  call.traffic.in.messages = 1;
  call.refusal = Status(Code::internal, "refused");
  call.set_ended(Status(Code::aborted, "ended"));
  call.facts.committed = true;
  call.facts.read_compressed = true;
  call.compression = wire::Encoding::gzip;
  call.wait_for_ready = true;
  call.set_deadline(Deadline(turned.clock.at + seconds(1)));
  call.finish();
  turned.pass(seconds(2));
  EXPECT_FALSE(call.cancelled()) << "the deadline of a call that is over";
  server.cancel(Status(Code::unavailable, "stopping"));
  EXPECT_FALSE(call.cancelled()) << "the scope of a call that is over";

  CancelScope next;
  constexpr MethodInfo kUnary = method_of_kind(Kind::unary);
  call.reset(kUnary, &next);
  EXPECT_EQ(&call.method(), &kUnary);
  EXPECT_TRUE(call.request_metadata.empty() && call.response_head.empty() && call.response_trailers.empty());
  EXPECT_FALSE(call.identity().is_authenticated());
  EXPECT_EQ(call.facts.attempt, 1);
  EXPECT_EQ(call.traffic.in.messages, 0u);
  EXPECT_TRUE(call.refusal.ok());
  EXPECT_FALSE(call.ended());
  EXPECT_FALSE(call.facts.committed);
  EXPECT_FALSE(call.read_compressed());
  EXPECT_EQ(call.compression, std::nullopt);
  EXPECT_EQ(call.wait_for_ready, std::nullopt);
  EXPECT_TRUE(call.deadline().is_infinite());
  next.cancel(Status(Code::cancelled, "now"));
  EXPECT_TRUE(call.cancelled());
}

TEST_F(CallTest, ACallThatWasCancelledIsFreshAfterReset) {
  call.scope.cancel(Status(Code::cancelled, "gone"));
  call.finish();
  call.reset(kBidi, nullptr);
  EXPECT_FALSE(call.cancelled());
}

TEST_F(CallTest, AnAttemptSharesDeadlineAndIsCancelledWithItsCall) {
  call.set_deadline(Deadline(turned.clock.at + seconds(3)));
  call.facts.peer = "memory:x";
  call.compression = wire::Encoding::zstd;
  LayerCall attempt(call, in.source(), out.sink());
  EXPECT_EQ(attempt.deadline(), call.deadline());
  EXPECT_EQ(attempt.parent, &call);
  EXPECT_EQ(attempt.facts.peer, "memory:x");
  EXPECT_EQ(attempt.compression, wire::Encoding::zstd);
  attempt.scope.cancel(Status(Code::unavailable, "this attempt only"));
  EXPECT_FALSE(call.cancelled());
  LayerCall second(call, in.source(), out.sink());
  call.scope.cancel(Status(Code::cancelled, "all of it"));
  EXPECT_EQ(second.scope.status().code(), Code::cancelled);
}

}  // namespace
}  // namespace pintle
