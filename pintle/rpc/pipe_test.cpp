#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::Bell;
using test::push;
using test::take;
using test::Text;
using test::text_of;

TEST(Pipe, GivesWhatWasPutInInItsOrderEmptyMessagesIncluded) {
  Pipe pipe(nullptr);
  EXPECT_EQ(take(pipe.source()), "<pending>");
  push(pipe.sink(), "one");
  push(pipe.sink(), "");
  push(pipe.sink(), "three");
  EXPECT_EQ(take(pipe.source()), "one");
  EXPECT_EQ(take(pipe.source()), "");
  EXPECT_EQ(take(pipe.source()), "three");
  EXPECT_EQ(take(pipe.source()), "<pending>");
}

TEST(Pipe, WhatIsLeftIsReadAfterTheWriterClosed) {
  Pipe pipe(nullptr);
  push(pipe.sink(), "last");
  pipe.close();
  EXPECT_EQ(push(pipe.sink(), "late"), Poll::end);
  EXPECT_EQ(take(pipe.source()), "last");
  EXPECT_EQ(take(pipe.source()), "<end>");
  EXPECT_EQ(take(pipe.source()), "<end>");
}

TEST(Pipe, AReaderIsWokenOnceByAMessageAndByTheEnd) {
  Pipe pipe(nullptr);
  Bell bell;
  pipe.source().arm(&bell);
  push(pipe.sink(), "one");
  push(pipe.sink(), "two");
  EXPECT_EQ(bell.rung, 1);
  pipe.source().arm(&bell);
  pipe.close();
  EXPECT_EQ(bell.rung, 2);
  pipe.source().arm(&bell);
  pipe.source().arm(nullptr);
  pipe.close();
  EXPECT_EQ(bell.rung, 2);
}

TEST(Pipe, TheWriterWaitsAboveTheMarkUntilTheReaderHasRead) {
  Pipe pipe(nullptr, 100);
  EXPECT_EQ(push(pipe.sink(), std::string(60, 'a')), Poll::ready);
  EXPECT_EQ(push(pipe.sink(), std::string(60, 'b')), Poll::pending) << "taken all the same";
  Bell bell;
  pipe.sink().arm(&bell);
  EXPECT_EQ(pipe.sink().room(), Poll::pending);
  EXPECT_EQ(take(pipe.source()), std::string(60, 'a'));
  EXPECT_EQ(pipe.sink().room(), Poll::ready);
  EXPECT_EQ(bell.rung, 1) << "woken as soon as there is room";
  EXPECT_EQ(take(pipe.source()), std::string(60, 'b'));
}

TEST(Pipe, OneMessageLargerThanTheMarkGoesThrough) {
  Pipe pipe(nullptr, 10);
  Bell bell;
  EXPECT_EQ(push(pipe.sink(), std::string(1000, 'x')), Poll::pending);
  pipe.sink().arm(&bell);
  EXPECT_EQ(take(pipe.source()).size(), 1000u);
  EXPECT_EQ(bell.rung, 1) << "the reader may want another message before it lets go of this one";
}

TEST(Pipe, WritesEndWhenTheReaderIsGone) {
  Pipe pipe(nullptr, 10);
  push(pipe.sink(), std::string(1000, 'x'));
  Bell bell;
  pipe.sink().arm(&bell);
  pipe.abandon();
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(pipe.sink().room(), Poll::end);
  EXPECT_EQ(push(pipe.sink(), "x"), Poll::end);
}

TEST(Pipe, AReaderThatWantsNoMoreLetsTheWriterGoOn) {
  Pipe pipe(nullptr, 10);
  push(pipe.sink(), std::string(1000, 'x'));
  Bell bell;
  pipe.sink().arm(&bell);
  pipe.discard();
  EXPECT_EQ(bell.rung, 1);
  EXPECT_EQ(push(pipe.sink(), std::string(1000, 'y')), Poll::ready);
  pipe.close();
  Message* message = nullptr;
  EXPECT_EQ(pipe.source().poll(message), Poll::end);
}

// The reader holds a message while more come in and the bytes move.
TEST(Pipe, ALentMessageFollowsItsBytes) {
  Pipe pipe(&type_of<Text>);
  push(pipe.sink(), "held");
  Message* held = nullptr;
  ASSERT_EQ(pipe.source().poll(held), Poll::ready);
  for (int i = 0; i < 1000; ++i) push(pipe.sink(), std::string(50, 'x'));
  EXPECT_EQ(text_of(held->bytes()), "held");
  EXPECT_EQ(held->as<Text>()->value, "held");
  EXPECT_EQ(take(pipe.source()), std::string(50, 'x'));
}

TEST(Pipe, WhatAMessageSaysOfCompressionPassesThrough) {
  Pipe pipe(nullptr);
  for (int i = 0; i < 4; ++i) {
    Message message(test::bytes_of("x"), nullptr, nullptr);
    if ((i & 1) != 0) message.without_compression();
    message.set_was_compressed((i & 2) != 0);
    pipe.sink().push(message);
  }
  for (int i = 0; i < 4; ++i) {
    Message* message = nullptr;
    ASSERT_EQ(pipe.source().poll(message), Poll::ready);
    EXPECT_EQ(message->compressible(), (i & 1) == 0) << i;
    EXPECT_EQ(message->was_compressed(), (i & 2) != 0) << i;
  }
}

TEST(Pipe, WhatItHoldsIsChargedToTheByteUntilItIsPassed) {
  MemoryAccount account(std::make_shared<MemoryBudget>(1));
  {
    Pipe pipe(nullptr, 100, &account);
    push(pipe.sink(), "12345");
    push(pipe.sink(), "6");
    EXPECT_EQ(account.held(), 5u + 1u + 2 * 8u) << "with a record for each";
    take(pipe.source());
    EXPECT_EQ(account.held(), 22u) << "it is lent";
    take(pipe.source());
    EXPECT_EQ(account.held(), 9u);
    take(pipe.source());
    EXPECT_EQ(account.held(), 0u);
    push(pipe.sink(), "dropped");
    pipe.discard();
    EXPECT_EQ(account.held(), 0u);
  }
  {
    Pipe pipe(nullptr, 100, &account);
    push(pipe.sink(), "never read");
  }
  EXPECT_EQ(account.held(), 0u);
}

}  // namespace
}  // namespace pintle
