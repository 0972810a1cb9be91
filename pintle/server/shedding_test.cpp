// A server near and above its memory budget: who is refused, who is reset, and what their handlers hear.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using http2::SettingId;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::size_t kLimit = 1'000'000, kBig = 250'000;

struct Log final : LogSink {
  bool enabled(Level) const noexcept override { return true; }
  void write(Level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string line(message);
    for (const Field& f : fields) line += " " + std::string(f.key);
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

// What the server is given, made before it.
struct Given {
  Log log;
  std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(kLimit, 0.8);
};

class Shedding : public ::testing::Test, protected Given, public ServerTest {
 protected:
  Shedding() : ServerTest(options()) {
    service.add("/s/big", [this](LayerCall& call) -> Task<Status> {
      ++handlers_;
      const std::string bytes(kBig, 'x');
      const Status written = co_await call.write(Message(std::as_bytes(std::span(bytes)), nullptr, nullptr));
      cause_ = call.scope.cause();
      co_return written;
    });
    service.add("/s/wait", [this](LayerCall& call) -> Task<Status> {
      auto request = co_await call.read();
      cause_ = call.scope.cause();
      co_return request ? Status() : request.error();
    });
    service.add("/s/small", [](LayerCall&) -> Task<Status> { co_return Status(); });
    start();
    modest_ = std::make_unique<FrameClient>(loop, server);
    modest_->shake_hands();
    for (FrameClient* client : {&this->client(), modest_.get()}) {
      client->send(wire::settings({{SettingId::initial_window_size, 0}}));
      client->received();
    }
  }
  ~Shedding() override {
    modest_.reset();
    stop();
  }
  ServerOptions options() {
    ServerOptions o;
    o.memory = budget;
    o.log = Logger(&log);
    return o;
  }
  static std::string call(std::uint32_t stream, const std::string& path) {
    return wire::headers(stream, grpc(path)).end_stream().bytes();
  }
  Lines greedy_asks(std::uint32_t stream) { return client().send(call(stream, "/s/big")); }

  std::unique_ptr<FrameClient> modest_;
  int handlers_ = 0;
  CancelCause cause_ = CancelCause::none;
};

TEST_F(Shedding, TheGreedyAreRefusedBeforeAHandlerRunsAndTheOthersAreNot) {
  for (const std::uint32_t stream : {1u, 3u, 5u}) greedy_asks(stream);
  ASSERT_EQ(handlers_, 3);
  const std::size_t others = kLimit * 9 / 10 - budget->used();
  MemoryAccount elsewhere(budget);
  elsewhere.charge(others);
  ASSERT_EQ(budget->level(), MemoryLevel::near);
  EXPECT_THAT(greedy_asks(7), Contains(::testing::AllOf(HasSubstr("grpc-status=8"), HasSubstr("more than its share"))));
  EXPECT_EQ(handlers_, 3);
  EXPECT_THAT(modest_->send(call(1, "/s/small")), Contains(HasSubstr("grpc-status=0")));
  elsewhere.give_back(others);
  EXPECT_THAT(client().send(call(9, "/s/small")), Contains(HasSubstr("grpc-status=0"))) << "there is room again";
}

TEST_F(Shedding, AHandlerWhoseStreamIsResetHearsOfTheOverload) {
  for (const std::uint32_t stream : {1u, 3u, 5u}) greedy_asks(stream);
  MemoryAccount elsewhere(budget);
  elsewhere.charge(kLimit);
  Lines lines = client().send(wire::ping(1).bytes());
  loop.advance(std::chrono::milliseconds(200));
  for (std::string& line : client().received()) lines.push_back(std::move(line));
  EXPECT_THAT(lines, Contains("RST_STREAM 1 ENHANCE_YOUR_CALM"));
  EXPECT_EQ(cause_, CancelCause::overload);
  EXPECT_THAT(log.lines, Contains(HasSubstr("memory budget used up")));
  elsewhere.give_back(kLimit);
  EXPECT_THAT(client().send(call(9, "/s/small")), Contains(HasSubstr("grpc-status=0"))) << "the connection lives";
}

TEST_F(Shedding, ARequestThatIsGivenUpIsAnsweredWithItsStatus) {
  client().send(wire::headers(1, grpc("/s/wait")).bytes());
  std::string message(1, '\0');
  message += std::string("\0\1\0\0", 4);  // 65 536 bytes will come
  client().send(wire::data(1, message + std::string(10'000, 'b')).bytes());
  MemoryAccount elsewhere(budget);
  elsewhere.charge(2 * kLimit);
  Lines lines = greedy_asks(3);
  loop.advance(std::chrono::milliseconds(200));
  for (std::string& line : client().received()) lines.push_back(std::move(line));
  EXPECT_THAT(lines, Contains(::testing::AllOf(HasSubstr("HEADERS 1 "), HasSubstr("grpc-status=8"))));
  elsewhere.give_back(2 * kLimit);
}

}  // namespace
}  // namespace pintle::server::test
