// Nothing that the engine takes may be assumed above it: every response head that it calls good, and every bad one,
// against a whole client, and a call behind each on the same connection.
#include <pintle/testing/wire/heads.hpp>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>

namespace pintle::client::test {
namespace {

class ResponseHeads : public ::testing::Test, public ChannelTest {
 protected:
  ResponseHeads() {
    RunningCall first = connected_call();
    peer().answer(1);
    EXPECT_EQ(first.get().status, Status());
  }
  // One call that the test answers with `frames` on its stream, and a good one behind it.
  template <class Frames>
  Outcome play(Frames frames) {
    RunningCall running = call("/s/m", CallOptions(), Kind::bidi);
    peer().send(frames(next_));
    EXPECT_TRUE(running.done());
    next_ += 2;
    RunningCall behind = call();
    peer().answer(next_);
    next_ += 2;
    EXPECT_TRUE(behind.done() && behind.get().status.ok());
    EXPECT_EQ(dials(), 1u);
    return running.get();
  }
  std::uint32_t next_ = 3;
};

TEST_F(ResponseHeads, ThatAreTheWholeResponseEndTheCall) {
  for (const wire::Head& head : wire::good_responses()) {
    SCOPED_TRACE(head.name);
    play([&](std::uint32_t id) { return wire::headers(id, head.fields).end_stream().bytes(); });
  }
}

TEST_F(ResponseHeads, MayComeBehindInformationalOnes) {
  for (const wire::Head& head : wire::informational_responses()) {
    SCOPED_TRACE(head.name);
    const Outcome outcome = play([&](std::uint32_t id) {
      return wire::headers(id, head.fields) +
             wire::headers(id, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "0"}})
                 .end_stream();
    });
    EXPECT_EQ(outcome.status, Status());
  }
}

TEST_F(ResponseHeads, MayBeFollowedByABodyAndTrailersOfAnyKind) {
  for (const wire::Head& head : wire::good_responses()) {
    SCOPED_TRACE(head.name);
    if (head.fields.back().first == "content-length") continue;  // the body would contradict it
    for (const wire::Fields& trailers :
         {wire::Fields{}, wire::Fields{{"grpc-status", "0"}}, wire::Fields{{"x", ""}, {"grpc-status", ""}}})
      play([&](std::uint32_t id) {
        return wire::headers(id, head.fields) + wire::data(id, message("x")) + wire::headers(id, trailers).end_stream();
      });
    play([&](std::uint32_t id) { return wire::headers(id, head.fields) + wire::data(id, "junk").end_stream(); });
  }
}

TEST_F(ResponseHeads, ThatAreMalformedEndTheCallAndNotTheConnection) {
  for (const wire::Head& head : wire::bad_responses()) {
    SCOPED_TRACE(head.name);
    const Outcome outcome = play([&](std::uint32_t id) { return wire::headers(id, head.fields).end_stream().bytes(); });
    EXPECT_EQ(outcome.status.code(), Code::internal);
  }
}

}  // namespace
}  // namespace pintle::client::test
