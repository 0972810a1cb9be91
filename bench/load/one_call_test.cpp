#include <array>
#include <memory>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "one_call.hpp"
#include "pace.hpp"

namespace pintle::bench {
namespace {

// The server's end of a connection for one call, spoken by hand.
class LoadOneCall : public testing::Test {
 protected:
  LoadOneCall() {
    std::array<int, 2> pair{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
    server_fd_ = pair[1];
    call_ = std::make_unique<OneCall>(pair[0], nullptr, plan_, "test", 1000, tally_);
    put_head(pending_, 0, FrameType::settings, 0, 0);
    deliver(2000);
  }
  ~LoadOneCall() override { hang_up(); }

  void answer(char status) {
    put_head(pending_, 1, FrameType::headers, kEndHeaders, 1);
    put_bytes(pending_, "\x88");
    put_head(pending_, plan_.reply.size(), FrameType::data, 0, 1);
    put_bytes(pending_, plan_.reply);
    const std::string trailers = std::string("\x00\x0b", 2) + "grpc-status" + "\x01" + status;
    put_head(pending_, trailers.size(), FrameType::headers, kEndHeaders | kEndStream, 1);
    put_bytes(pending_, trailers);
  }
  void deliver(std::uint64_t now) {
    EXPECT_EQ(send(server_fd_, pending_.data(), pending_.size(), 0), static_cast<ssize_t>(pending_.size()));
    pending_.clear();
    call_->on_readable(now);
  }
  void hang_up() {
    if (server_fd_ >= 0) close(server_fd_);
    server_fd_ = -1;
  }
  // The client has ended its side.
  bool ended() {
    std::array<char, 4096> bytes{};
    ssize_t got = 0;
    while ((got = recv(server_fd_, bytes.data(), bytes.size(), 0)) > 0) {
    }
    return got == 0;
  }

  CallPlan plan_ = unary_plan("hello world", 0);
  Tally tally_;
  std::unique_ptr<OneCall> call_;
  int server_fd_ = -1;

 private:
  std::vector<char> pending_;
};

TEST_F(LoadOneCall, CountsFromItsBeginningToTheAnswerAndEndsWithTheServersEnd) {
  EXPECT_FALSE(ended());
  answer('0');
  deliver(51'000);
  EXPECT_EQ(tally_.calls, 1U);
  EXPECT_EQ(tally_.errors, 0U);
  EXPECT_NEAR(tally_.latency.quantile(0.5), 50'000, 800);
  EXPECT_TRUE(ended()) << "the client leaves first";
  EXPECT_FALSE(call_->over()) << "the server has work left, which counts";
  hang_up();
  call_->on_readable(60'000);
  EXPECT_TRUE(call_->over());
  EXPECT_EQ(tally_.calls, 1U);
  EXPECT_EQ(tally_.errors, 0U) << "an end after the answer is no failure";
}

TEST_F(LoadOneCall, AWrongAnswerIsAFailure) {
  answer('5');
  deliver(51'000);
  EXPECT_TRUE(call_->over());
  EXPECT_EQ(tally_.calls, 0U);
  EXPECT_EQ(tally_.errors, 1U);
  EXPECT_EQ(tally_.first_error, "grpc-status 5");
}

TEST_F(LoadOneCall, AServerThatHangsUpBeforeTheAnswerIsAFailure) {
  hang_up();
  call_->on_readable(3000);
  EXPECT_TRUE(call_->over());
  EXPECT_EQ(tally_.errors, 1U);
}

TEST_F(LoadOneCall, AServerThatNeverEndsItsSideIsAFailure) {
  answer('0');
  deliver(51'000);
  call_->give_up();
  EXPECT_TRUE(call_->over());
  EXPECT_EQ(tally_.errors, 1U);
  EXPECT_EQ(tally_.first_error, "the server left the connection open");
}

TEST(Pace, LetsSoManyASecondBegin) {
  Pace pace(1000);
  constexpr std::uint64_t kStart = 5'000'000'000;
  int taken = 0;
  for (std::uint64_t now = kStart; now < kStart + 1'000'000'000; now += 100'000) taken += pace.take(now) ? 1 : 0;
  EXPECT_GE(taken, 1000);
  EXPECT_LE(taken, 1010);
}

TEST(Pace, MakesUpForTenAtTheMost) {
  Pace pace(1000);
  while (pace.take(1'000'000'000)) {
  }
  EXPECT_FALSE(pace.take(1'000'900'000));
  EXPECT_TRUE(pace.take(1'001'000'000));
  int taken = 0;
  while (pace.take(9'000'000'000)) ++taken;
  EXPECT_EQ(taken, 10);
  EXPECT_GT(pace.next(), 9'000'000'000);
}

}  // namespace
}  // namespace pintle::bench
