// One source, several attempts: what each of them reads, what is kept meanwhile and when it is freed.
#include <pintle/rpc/replay.hpp>

#include <deque>
#include <optional>
#include <stdexcept>

#include <gtest/gtest.h>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::Bell;
using test::method_of_kind;
using test::push;
using test::take;
using test::Text;
using test::text_of;
using test::TurnedLoop;

constexpr MethodInfo kChat = method_of_kind(Kind::bidi);
constexpr std::size_t kRecord = 8;  // what is kept beside a message's bytes

struct Attempt {
  Attempt(LayerCall& of, Replay& replay, Sink& sink) : call(of, *of.source, sink), reader(replay, call) {}
  Source& source() { return *call.source; }
  LayerCall call;
  Replay::Reader reader;
};

class Replays : public ::testing::Test {
 protected:
  void replay(std::size_t per_call = 1000, std::size_t per_loop = 1000) {
    ReplayLimits limits;
    limits.per_call = per_call;
    limits.per_loop = per_loop;
    replay_.emplace(call, limits, account);
  }
  Attempt& attempt() { return attempts_.emplace_back(call, *replay_, down.sink()); }
  void drop_first() { attempts_.pop_front(); }

  TurnedLoop turned;
  ReplayAccount account;
  Pipe up{&type_of<Text>}, down{&type_of<Text>};
  LayerCall call{turned.loop, kChat, up.source(), down.sink(), nullptr};
  std::optional<Replay> replay_;
  std::deque<Attempt> attempts_;
};

TEST_F(Replays, EveryAttemptBeginsAtTheFirstMessageAndThenFollowsTheSource) {
  replay();
  push(up.sink(), "one");
  push(up.sink(), "two");
  Attempt& first = attempt();
  EXPECT_EQ(take(first.source()), "one");
  EXPECT_EQ(take(first.source()), "two");
  EXPECT_EQ(take(first.source()), "<pending>");
  Attempt& second = attempt();
  EXPECT_EQ(take(second.source()), "one");
  push(up.sink(), "");
  EXPECT_EQ(take(second.source()), "two");
  EXPECT_EQ(take(second.source()), "") << "whoever comes first reads the source";
  EXPECT_EQ(take(first.source()), "");
  up.close();
  EXPECT_EQ(take(first.source()), "<end>");
  EXPECT_EQ(take(second.source()), "<end>");
  drop_first();
  Attempt& third = attempt();
  for (const char* text : {"one", "two", "", "<end>", "<end>"}) EXPECT_EQ(take(third.source()), text);
}

TEST_F(Replays, WhatAMessageSaysOfItselfIsKept) {
  replay();
  for (int i = 0; i < 4; ++i) {
    Message message(test::bytes_of("x"), nullptr, nullptr);
    if ((i & 1) != 0) message.without_compression();
    message.set_was_compressed((i & 2) != 0);
    up.sink().push(message);
  }
  up.close();
  for (int n = 0; n < 2; ++n) {
    Attempt& one = attempt();
    for (int i = 0; i < 4; ++i) {
      Message* message = nullptr;
      ASSERT_EQ(one.source().poll(message), Poll::ready);
      EXPECT_EQ(message->compressible(), (i & 1) == 0) << i;
      EXPECT_EQ(message->was_compressed(), (i & 2) != 0) << i;
      EXPECT_EQ(message->is_last(), i == 3) << i;
      EXPECT_EQ(message->as<Text>()->value, "x");
    }
  }
}

TEST_F(Replays, ALentMessageFollowsItsBytesAndKeepsItsObject) {
  replay(SIZE_MAX, SIZE_MAX);
  push(up.sink(), "held");
  Attempt &slow = attempt(), &quick = attempt();
  Message* held = nullptr;
  ASSERT_EQ(slow.source().poll(held), Poll::ready);
  EXPECT_EQ(take(quick.source()), "held");
  for (int i = 0; i < 200; ++i) {
    push(up.sink(), std::string(50, 'x'));
    EXPECT_EQ(take(quick.source()), std::string(50, 'x'));
  }
  EXPECT_EQ(text_of(held->bytes()), "held");
  EXPECT_EQ(held->as<Text>()->value, "held");
}

// A unary call: a copy would cost every call what few need.
TEST_F(Replays, AFirstMessageThatIsTheLastIsGivenToAllAndNotCopied) {
  replay(0, 0);
  push(up.sink(), "all of it");
  up.close();
  Message *first = nullptr, *second = nullptr;
  Source &one = attempt().source(), &two = attempt().source();
  ASSERT_EQ(one.poll(first), Poll::ready);
  ASSERT_EQ(two.poll(second), Poll::ready);
  EXPECT_EQ(text_of(second->bytes()), "all of it");
  EXPECT_EQ(first, second);
  EXPECT_EQ(account.held, 0u);
  EXPECT_FALSE(replay_->committed());
  EXPECT_EQ(take(one), "<end>");
  EXPECT_EQ(take(two), "<end>");
}

TEST_F(Replays, WhatIsKeptIsCountedAndGivenBack) {
  replay();
  push(up.sink(), "12345");
  take(attempt().source());
  EXPECT_EQ(replay_->held(), kRecord + 5);
  EXPECT_EQ(account.held, kRecord + 5);
  drop_first();
  EXPECT_EQ(account.held, kRecord + 5) << "the next attempt needs it";
  replay_.reset();
  EXPECT_EQ(account.held, 0u);
}

TEST_F(Replays, CommitFreesWhatTheChosenAttemptHasPassedAndKeepsNothingMore) {
  replay();
  Attempt &first = attempt(), &second = attempt();
  for (const char* text : {"1", "2", "3"}) {
    push(up.sink(), text);
    take(first.source());
  }
  EXPECT_EQ(take(second.source()), "1");
  replay_->commit(second.reader);
  EXPECT_TRUE(replay_->committed());
  EXPECT_EQ(first.call.cause(), CancelCause::superseded);
  EXPECT_FALSE(second.call.cancelled());
  EXPECT_EQ(take(first.source()), "<end>");
  EXPECT_EQ(account.held, 3 * (kRecord + 1)) << "the message that is lent, and those to come";
  EXPECT_EQ(take(second.source()), "2");
  EXPECT_EQ(account.held, 2 * (kRecord + 1));
  EXPECT_EQ(take(second.source()), "3");
  push(up.sink(), "4");
  EXPECT_EQ(take(second.source()), "4");
  EXPECT_EQ(account.held, 0u);
  EXPECT_EQ(attempt().call.cause(), CancelCause::superseded) << "it is too late for another";
  EXPECT_EQ(take(attempts_.back().source()), "<end>");
  EXPECT_FALSE(call.cancelled());
}

TEST_F(Replays, AMessageAboveTheCallsLimitCommitsToTheAttemptThatAskedForIt) {
  replay(kRecord + 10, 1000);
  Attempt &first = attempt(), &second = attempt();
  push(up.sink(), "0123456789");
  EXPECT_EQ(take(first.source()), "0123456789");
  Message* lent = nullptr;
  ASSERT_EQ(second.source().poll(lent), Poll::ready);
  EXPECT_FALSE(replay_->committed()) << "exactly the limit";
  push(up.sink(), "more");
  EXPECT_EQ(take(first.source()), "more");
  EXPECT_TRUE(replay_->committed());
  EXPECT_EQ(second.call.cause(), CancelCause::superseded);
  EXPECT_EQ(text_of(lent->bytes()), "0123456789") << "good until it polls again";
  EXPECT_EQ(take(second.source()), "<end>");
  EXPECT_EQ(account.held, 0u);
  push(up.sink(), "and more");
  EXPECT_EQ(take(first.source()), "and more");
}

TEST_F(Replays, TheLimitOfTheLoopIsThatOfAllItsCalls) {
  account.held = 995;  // others'
  replay();
  push(up.sink(), "x");
  EXPECT_EQ(take(attempt().source()), "x");
  EXPECT_TRUE(replay_->committed());
  replay_->commit(attempts_.back().reader);
  drop_first();
  replay_.reset();
  EXPECT_EQ(account.held, 995u);
}

TEST_F(Replays, AllThatWaitAreWokenByOneMessageAndByTheEnd) {
  replay();
  Source &one = attempt().source(), &two = attempt().source();
  Bell first, second;
  EXPECT_EQ(take(one), "<pending>");
  one.arm(&first);
  two.arm(&second);
  push(up.sink(), "x");
  EXPECT_EQ(first.rung, 1);
  EXPECT_EQ(second.rung, 1);
  EXPECT_EQ(take(one), "x");
  one.arm(&first);
  EXPECT_EQ(first.rung, 1);
  EXPECT_EQ(take(two), "x");
  two.arm(&second);
  up.close();
  EXPECT_EQ(first.rung, 2);
  EXPECT_EQ(second.rung, 2);
}

TEST_F(Replays, OneThatWaitsIsWokenByWhatAnotherReads) {
  replay();
  Source &one = attempt().source(), &two = attempt().source();
  Bell bell;
  push(up.sink(), "x");
  one.arm(&bell);  // the source has woken nobody: the message came before
  EXPECT_EQ(take(two), "x");
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(take(one), "x");
  push(up.sink(), "y");
  EXPECT_EQ(take(two), "y");
  one.arm(&bell);
  EXPECT_EQ(bell.rung, 2) << "it is there already";
}

TEST_F(Replays, TheWaitOfOneGoesOnWhenAnotherLeaves) {
  replay();
  Bell gone, stays;
  attempt().source().arm(&gone);
  attempt().source().arm(&stays);
  drop_first();
  push(up.sink(), "x");
  EXPECT_EQ(gone.rung, 0);
  EXPECT_EQ(stays.rung, 1);
  EXPECT_EQ(take(attempts_.back().source()), "x");
  attempts_.back().source().arm(&stays);
  attempts_.back().source().arm(nullptr);
  push(up.sink(), "y");
  EXPECT_EQ(stays.rung, 1);
}

TEST_F(Replays, ASupersededOneThatWaitsIsWoken) {
  replay();
  Attempt &loser = attempt(), &winner = attempt();
  Bell bell;
  loser.source().arm(&bell);
  replay_->commit(winner.reader);
  EXPECT_EQ(bell.rung, 1);
  push(up.sink(), "x");
  EXPECT_EQ(take(winner.source()), "x");
}

// As an attempt reads: the scope of the call is above its own.
TEST_F(Replays, TheEndOfTheCallEndsTheWaitOfEveryAttempt) {
  replay();
  const auto read = [](Attempt& of) -> Task<Status> {
    auto message = co_await of.call.read();
    co_return message ? Status() : message.error();
  };
  std::optional<Status> one, two;
  turned.start(read(attempt()), one);
  turned.start(read(attempt()), two);
  turned.settle();
  EXPECT_FALSE(one || two);
  call.scope.cancel(Status(Code::deadline_exceeded, "too late"), CancelCause::deadline);
  turned.settle();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->code(), Code::deadline_exceeded);
  EXPECT_EQ(attempts_.back().call.cause(), CancelCause::deadline);
}

struct Broken final : Source {
  Poll poll(Message*&) override { throw std::runtime_error("it broke"); }
  void arm(Waiter*) noexcept override {}
};

TEST_F(Replays, WhatTheSourceThrowsEndsTheCallAndSoAllAttempts) {
  static Broken broken;  // outlives the fixture's replay
  call.source = &broken;
  replay();
  Attempt &one = attempt(), &two = attempt();
  EXPECT_EQ(take(one.source()), "<end>");
  EXPECT_EQ(call.cause(), CancelCause::exception);
  EXPECT_EQ(one.call.status().code(), Code::unknown);
  EXPECT_EQ(two.call.status().code(), Code::unknown);
}

}  // namespace
}  // namespace pintle
