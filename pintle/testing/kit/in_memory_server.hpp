// A real server and a real channel, joined in memory, on loops that the test turns: everything between a stub and a
// handler is the product's own code, and no time passes but the test's.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

#include <pintle/client/channel.hpp>
#include <pintle/server/server.hpp>
#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::testing {

// Add services and layers to `server()`, then ask for the channel. Used by one thread.
class InMemoryServer {
 public:
  explicit InMemoryServer(ServerOptions options = {}, MemoryPipeOptions pipe = {})
      : pipe_(pipe), server_(std::make_unique<Server>(std::vector<Loop*>{&loop_.loop()}, std::move(options))) {}
  InMemoryServer(const InMemoryServer&) = delete;
  // Lets go of the channel, drains the server and runs what is left, so that nothing outlives the loops.
  ~InMemoryServer() {
    channel_.reset();
    if (started_) {
      server_->drain(Duration::zero(), [] {});
      loop_.run_until_idle();
      loop_.advance(std::chrono::seconds(5));
    }
  }

  TestLoop& loop() { return loop_; }
  Server& server() { return *server_; }

  // Starts the server on first use. `options` count on first use only.
  std::shared_ptr<Channel> channel(ChannelOptions options = {}) {
    if (channel_ == nullptr) {
      start();
      if (options.authority.empty()) options.authority = "memory";
      if (!options.random) options.random = [] { return 0.5; };
      channel_ = make_channel({&loop_.loop()}, std::make_shared<MemoryDialer>(*this), std::move(options)).value();
    }
    return channel_;
  }
  void start() {
    if (std::exchange(started_, true)) return;
    if (Status bad = server_->start(); !bad.ok()) throw std::logic_error(bad.to_string());
  }

  // The connections that were made, oldest first: to stall, break or measure.
  std::deque<MemoryPair>& connections() { return pairs_; }
  // The next so many dials fail with UNAVAILABLE.
  void refuse(int dials) { refusals_ = dials; }
  int dials() const { return dials_; }

 private:
  class MemoryDialer final : public Dialer {
   public:
    explicit MemoryDialer(InMemoryServer& of) : of_(of) {}
    Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& loop, const Endpoint&, Deadline) override {
      ++of_.dials_;
      if (of_.refusals_ > 0) {
        --of_.refusals_;
        co_return unavailable("connection refused by the test");
      }
      MemoryPair& pair = of_.pairs_.emplace_back(loop, of_.loop_.loop(), of_.pipe_);
      of_.server_->serve(pair.take_b());
      co_return pair.take_a();
    }

   private:
    InMemoryServer& of_;
  };

  MemoryPipeOptions pipe_;
  TestLoop loop_;
  std::deque<MemoryPair> pairs_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<Channel> channel_;
  bool started_ = false;
  int refusals_ = 0, dials_ = 0;
};

}  // namespace pintle::testing
