#include <array>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.hpp"

namespace pintle::bench {
namespace {

constexpr std::size_t kPreface = 24;
const std::string kOkHeaders = "\x88";
const std::string kOkTrailers = std::string("\x00\x0b", 2) + "grpc-status" + "\x01" + "0";

struct Frame {
  FrameHead head;
  std::string payload;
};

// The server's end of a socket pair, spoken by hand.
class LoadConnection : public testing::Test {
 protected:
  LoadConnection() {
    std::array<int, 2> pair{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    for (const int fd : pair) fcntl(fd, F_SETFL, O_NONBLOCK);
    client_fd_ = pair[0];
    server_fd_ = pair[1];
  }
  ~LoadConnection() override { close(server_fd_); }

  Connection& connect(std::size_t streams) {
    connection_ = std::make_unique<Connection>(client_fd_, nullptr, streams, plan_, "test", tally_, budget_);
    return *connection_;
  }

  void send_frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    put_head(pending_, payload.size(), type, flags, stream);
    put_bytes(pending_, payload);
  }
  void send_setting(std::uint16_t id, std::uint32_t value) {
    std::vector<char> payload{static_cast<char>(id >> 8), static_cast<char>(id)};
    put_u32(payload, value);
    send_frame(FrameType::settings, 0, 0, {payload.data(), payload.size()});
  }
  void answer(std::uint32_t stream, std::string_view body, std::string_view trailers = kOkTrailers) {
    send_frame(FrameType::headers, kEndHeaders, stream, kOkHeaders);
    send_frame(FrameType::data, 0, stream, body);
    send_frame(FrameType::headers, kEndHeaders | kEndStream, stream, trailers);
  }
  void put_raw(char byte) { pending_.push_back(byte); }
  void hang_up() {
    shutdown(server_fd_, SHUT_WR);
    connection_->on_readable(0);
  }
  void deliver(std::uint64_t now = 0) {
    EXPECT_EQ(send(server_fd_, pending_.data(), pending_.size(), 0), static_cast<ssize_t>(pending_.size()));
    pending_.clear();
    connection_->on_readable(now);
  }

  // What the client has sent since the last time; the preface is checked and left out.
  std::vector<Frame> received() {
    std::string bytes(1 << 20, '\0');
    const ssize_t got = recv(server_fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (!greeted_) {
      EXPECT_EQ(bytes.substr(0, kPreface), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      bytes.erase(0, kPreface);
      greeted_ = true;
    }
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < bytes.size();) {
      const FrameHead head = read_head(reinterpret_cast<const std::uint8_t*>(bytes.data()) + at);
      frames.push_back({head, bytes.substr(at + kFrameHeaderBytes, head.size)});
      at += kFrameHeaderBytes + head.size;
    }
    return frames;
  }
  static std::vector<Frame> only(const std::vector<Frame>& frames, FrameType type) {
    std::vector<Frame> some;
    for (const Frame& frame : frames) {
      if (frame.head.type == type) some.push_back(frame);
    }
    return some;
  }

  CallPlan plan_ = unary_plan("hello world", 0);
  Tally tally_;
  Budget budget_;
  std::unique_ptr<Connection> connection_;

 private:
  int client_fd_ = -1;
  int server_fd_ = -1;
  bool greeted_ = false;
  std::vector<char> pending_;
};

TEST_F(LoadConnection, BeginsAfterTheServersSettingsAndAcknowledgesThem) {
  connect(3);
  EXPECT_TRUE(only(received(), FrameType::headers).empty());
  send_setting(4, 65535);
  deliver();
  const auto frames = received();
  EXPECT_EQ(only(frames, FrameType::headers).size(), 3U);
  const auto settings = only(frames, FrameType::settings);
  ASSERT_EQ(settings.size(), 1U);
  EXPECT_EQ(settings[0].head.flags, kAck);
}

TEST_F(LoadConnection, CountsARightAnswerAndBeginsTheNextCall) {
  connect(1);
  send_setting(4, 65535);
  deliver(1000);
  const auto first = received();
  answer(1, plan_.reply);
  deliver(51000);
  EXPECT_EQ(tally_.calls, 1U);
  EXPECT_EQ(tally_.errors, 0U);
  EXPECT_NEAR(tally_.latency.quantile(0.5), 50000, 800);
  const auto next = only(received(), FrameType::headers);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].head.stream, 3U);
  EXPECT_EQ(next[0].payload.size(), 7U) << "the second request is all indices";
}

TEST_F(LoadConnection, ReadsAnAnswerThatArrivesByteByByte) {
  connect(1);
  send_setting(4, 65535);
  deliver();
  std::vector<char> wire;
  put_head(wire, 1, FrameType::headers, kEndHeaders, 1);
  put_bytes(wire, kOkHeaders);
  put_head(wire, plan_.reply.size() + 4, FrameType::data, kPadded, 1);
  put_bytes(wire, std::string(1, '\3') + plan_.reply + std::string(3, '\0'));
  put_head(wire, kOkTrailers.size(), FrameType::headers, kEndHeaders | kEndStream, 1);
  put_bytes(wire, kOkTrailers);
  for (const char byte : wire) {
    put_raw(byte);
    deliver();
  }
  EXPECT_EQ(tally_.calls, 1U);
  EXPECT_EQ(tally_.errors, 0U);
}

TEST_F(LoadConnection, CountsNoWrongAnswer) {
  connect(9);
  send_setting(4, 65535);
  deliver();
  std::string other = plan_.reply;
  other.back() ^= 1;
  answer(1, other);
  answer(3, plan_.reply + plan_.reply);
  answer(5, plan_.reply.substr(1));
  answer(7, plan_.reply, std::string("\x00\x0b", 2) + "grpc-status" + "\x01" + "5");
  send_frame(FrameType::headers, kEndHeaders | kEndStream, 9, "\x8d");  // 404
  send_frame(FrameType::rst_stream, 0, 11, std::string("\0\0\0\7", 4));
  send_frame(FrameType::headers, kEndHeaders, 13, kOkHeaders);
  send_frame(FrameType::data, kEndStream, 13, plan_.reply);
  answer(15, plan_.reply, "\x88");                          // trailers without a grpc-status
  send_frame(FrameType::headers, kEndHeaders, 17, "\x8e");  // 500
  send_frame(FrameType::data, 0, 17, plan_.reply);
  send_frame(FrameType::headers, kEndHeaders | kEndStream, 17, kOkTrailers);
  deliver();
  EXPECT_EQ(tally_.calls, 0U);
  EXPECT_EQ(tally_.errors, 9U);
  EXPECT_EQ(tally_.first_error, "the answer is not the one expected");
}

TEST_F(LoadConnection, CountsARefusalWhereThePlanWantsOne) {
  plan_.status = 5;
  plan_.reply_repeats = 0;
  connect(2);
  send_setting(4, 65535);
  deliver();
  send_frame(FrameType::headers, kEndHeaders | kEndStream, 1,
             "\x88" + std::string("\x00\x0b", 2) + "grpc-status" + "\x01" + "5");
  send_frame(FrameType::headers, kEndHeaders | kEndStream, 3, "\x88" + kOkTrailers);
  deliver();
  EXPECT_EQ(tally_.calls, 1U);
  EXPECT_EQ(tally_.errors, 1U);
  EXPECT_EQ(tally_.first_error, "grpc-status 0");
}

TEST_F(LoadConnection, KeepsWithinTheServersWindows) {
  connect(1);
  send_setting(4, 10);
  deliver();
  auto body = only(received(), FrameType::data);
  ASSERT_EQ(body.size(), 1U);
  EXPECT_EQ(body[0].payload, plan_.request.substr(0, 10));
  EXPECT_EQ(body[0].head.flags, 0);
  send_frame(FrameType::window_update, 0, 1, std::string("\0\0\0\x64", 4));
  deliver();
  body = only(received(), FrameType::data);
  ASSERT_EQ(body.size(), 1U);
  EXPECT_EQ(body[0].payload, plan_.request.substr(10));
  EXPECT_EQ(body[0].head.flags, kEndStream);
}

TEST_F(LoadConnection, OpensTheConnectionWindowAgain) {
  plan_ = down_plan(1024, 16 * 1024 - 9);
  connect(1);
  send_setting(4, 65535);
  deliver();
  received();
  std::uint64_t credited = 0;
  send_frame(FrameType::headers, kEndHeaders, 1, kOkHeaders);
  for (int i = 0; i < 1024; ++i) {
    send_frame(FrameType::data, 0, 1, plan_.reply);
    deliver();
    for (const Frame& frame : only(received(), FrameType::window_update)) {
      if (frame.head.stream == 0) credited += read_u32(reinterpret_cast<const std::uint8_t*>(frame.payload.data()));
    }
  }
  EXPECT_GE(credited, 8U << 20);
  send_frame(FrameType::headers, kEndHeaders | kEndStream, 1, kOkTrailers);
  deliver();
  EXPECT_EQ(tally_.calls, 1U) << tally_.first_error;
}

TEST_F(LoadConnection, SendsLiteralsToAServerWithoutAHeaderTable) {
  connect(1);
  send_setting(1, 0);
  deliver();
  const auto first = only(received(), FrameType::headers);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].payload[0], '\x20') << "the table's new size comes first";
  answer(1, plan_.reply);
  deliver();
  const auto second = only(received(), FrameType::headers);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first[0].payload.substr(1), second[0].payload);
}

TEST_F(LoadConnection, SendsMetadataByIndexFromTheSecondRequestOn) {
  plan_.metadata = {{"x-one", "first"}, {"x-two", "second"}};
  connect(1);
  send_setting(4, 65535);
  deliver();
  EXPECT_NE(only(received(), FrameType::headers).at(0).payload.find("x-two"), std::string::npos);
  answer(1, plan_.reply);
  deliver();
  EXPECT_EQ(only(received(), FrameType::headers).at(0).payload, "\x83\x86\xc4\xc3\xc2\xc1\xc0\xbf\xbe");
}

TEST_F(LoadConnection, AnswersPing) {
  connect(1);
  send_frame(FrameType::ping, 0, 0, "12345678");
  deliver();
  const auto pings = only(received(), FrameType::ping);
  ASSERT_EQ(pings.size(), 1U);
  EXPECT_EQ(pings[0].head.flags, kAck);
  EXPECT_EQ(pings[0].payload, "12345678");
}

TEST_F(LoadConnection, CountsWhatAClosedConnectionLeavesOpen) {
  connect(4);
  send_setting(4, 65535);
  deliver();
  hang_up();
  EXPECT_TRUE(connection_->broken());
  EXPECT_EQ(tally_.errors, 4U);
  EXPECT_EQ(connection_->open_calls(), 0U);
}

TEST_F(LoadConnection, StartsNothingAfterGoaway) {
  connect(2);
  send_setting(4, 65535);
  deliver();
  received();
  send_frame(FrameType::goaway, 0, 0, std::string("\0\0\0\1\0\0\0\0", 8));
  answer(1, plan_.reply);
  deliver();
  EXPECT_EQ(tally_.calls, 1U);
  EXPECT_EQ(tally_.errors, 1U) << "stream 3 is above the last one that the server takes";
  EXPECT_TRUE(only(received(), FrameType::headers).empty());
}

TEST_F(LoadConnection, MakesNoMoreCallsThanItsBudget) {
  budget_.left = 2;
  connect(5);
  send_setting(4, 65535);
  deliver();
  EXPECT_EQ(only(received(), FrameType::headers).size(), 2U);
  answer(1, plan_.reply);
  answer(3, plan_.reply);
  deliver();
  EXPECT_EQ(tally_.calls, 2U);
  EXPECT_EQ(connection_->open_calls(), 0U);
}

}  // namespace
}  // namespace pintle::bench
