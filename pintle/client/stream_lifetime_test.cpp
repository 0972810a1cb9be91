#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include <pintle/client/channel.hpp>
#include <pintle/rpc/codegen.hpp>
#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle {
namespace {

using Text = google::rpc::Status;  // any message will do
using Stream = BidiStream<Text, Text>;

const MethodInfo kTalk = {.path = "/test.Talk/Talk",
                          .service = "test.Talk",
                          .name = "Talk",
                          .kind = Kind::bidi,
                          .request = &type_of<Text>,
                          .response = &type_of<Text>};

// Counts the calls that have ended, in a counter of its own, so that it is touched after the transport is done.
class CountingLayer final : public Layer {
 public:
  explicit CountingLayer(int& ended) : ended_(ended) {}
  std::string_view name() const override { return "counting"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    return std::make_unique<Counting>(next, ended_);
  }

 private:
  class Counting final : public Handler {
   public:
    Counting(Handler& next, int& ended) : next_(next), ended_(ended) {}
    Task<Status> operator()(LayerCall& call) override {
      Status status = co_await next_(call);
      ended_ += 1;
      co_return status;
    }

   private:
    Handler& next_;
    int& ended_;
  };
  int& ended_;
};

// Dials a peer that says hello, in HTTP/2, and then nothing more.
class SilentPeer final : public Dialer, net::ByteStream::Observer {
 public:
  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& loop, const Endpoint&, Deadline) override {
    static constexpr std::array<std::byte, 9> kSettings = {{{}, {}, {}, std::byte{4}, {}, {}, {}, {}, {}}};
    pair_.emplace(loop, loop);
    end_ = pair_->take_b();
    end_->set_observer(*this);
    (void)end_->write(kSettings);
    co_return pair_->take_a();
  }

 private:
  void on_readable() noexcept override {}
  void on_writable() noexcept override {}

  std::optional<testing::MemoryPair> pair_;
  std::unique_ptr<net::ByteStream> end_;
};

Task<> open_and_let_go(std::shared_ptr<Channel> channel) {
  Handler& chain = channel->method(kTalk);
  Stream stream = co_await codegen::Opening<Stream>(chain, kTalk, CallOptions(), channel);
  Text hello;
  hello.set_message("hello");
  (void)co_await stream.write(hello);
  (void)co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(stream.call().peer().empty()) << "it has a connection";
  channel.reset();
}

// A caller that lets go of a stream can't wait for the end of its call, so the call must hold on to all it needs.
TEST(StreamLifetime, ACallThatWasLetGoOutlivesItsChannel) {
  testing::TestLoop loop;
  int ended = 0;
  ChannelOptions options;
  options.authority = "memory";
  options.layers = {std::make_shared<CountingLayer>(ended)};
  auto channel = make_channel({&loop.loop()}, std::make_shared<SilentPeer>(), std::move(options)).value();
  loop.run(open_and_let_go(std::move(channel)));
  loop.run_until_idle();
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace pintle
