// Messages above 256 KiB on real loops and real compute threads: what came is what went, and whoever is cancelled or
// destroyed meanwhile leaves nobody with memory that is gone (TSan and ASan watch).
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "texts_service.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/client.hpp>
#include <pintle/server.hpp>

namespace pintle::compression {
namespace {

using wire::Encoding;

// Half of it can be compressed.
std::string content(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string text(size, 'x');
  for (std::size_t i = 0; i < size / 2; ++i) text[i] = static_cast<char>('!' + random() % 90);
  return text;
}

// The service of texts.proto remembers its calls; this one is called by many loops.
class Echo final : public v1::Texts::Service {
 public:
  Task<Result<Text>> Get(Call&, const Text& request) override { co_return request; }
  Task<Status> Chat(Call&, Reader<Text>& requests, Writer<Text>& texts) override {
    for (;;) {
      auto request = co_await requests.read();
      if (!request) co_return request.error();
      if (*request == nullptr) co_return Status();
      if (Status sent = co_await texts.write(Text(**request)); !sent.ok()) co_return sent;
    }
  }
};

class LargeThreads : public ::testing::Test {
 protected:
  LargeThreads() : runtime_(two_loops()), server_(runtime_) {
    EXPECT_TRUE(server_.add(service_).ok());
    EXPECT_TRUE(server_.start().ok());
    runtime_.start();
    const auto address = server_.listen(*net::SockAddress::from_ip("127.0.0.1", 0));
    channel_ = make_channel(runtime_, address->to_string()).value();
  }
  ~LargeThreads() override {
    channel_.reset();
    server_.drain(Duration::zero(), [this] { runtime_.stop(); });
    runtime_.join();
  }
  static RuntimeOptions two_loops() {
    RuntimeOptions options;
    options.threads = 2;
    return options;
  }
  static Encoding coding_of(unsigned n) {
    constexpr Encoding kCodings[] = {Encoding::identity, Encoding::gzip, Encoding::zstd};
    return kCodings[n % 3];
  }
  // `work` on threads of its own, each with its number.
  template <class F>
  static void on_threads(unsigned number, const F& work) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < number; ++i) threads.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : threads) thread.join();
  }

  Runtime runtime_;
  Echo service_;
  Server server_;
  std::shared_ptr<Channel> channel_;
};

TEST_F(LargeThreads, WhatComesIsWhatWent) {
  on_threads(4, [this](unsigned number) {
    const v1::Texts::BlockingStub stub(channel_);
    for (unsigned i = 0; i < 6; ++i) {
      const std::string text = content(250'000 + 150'000 * ((number + i) % 4), number * 10 + i);
      const auto came = stub.Get(text_of(text), CallOptions().compression(coding_of(number + i)));
      ASSERT_TRUE(came) << came.error().to_string();
      EXPECT_EQ(came->text(), text);
    }
    auto stream = stub.Chat(CallOptions().compression(coding_of(number)));
    for (unsigned i = 0; i < 4; ++i) {
      const std::string text = content(400'000, number + i);
      ASSERT_EQ(stream.write(text_of(text)), Status());
      const auto came = stream.read();
      ASSERT_TRUE(came && *came);
      EXPECT_EQ((*came)->text(), text);
    }
    EXPECT_EQ(stream.finish(), Status());
  });
}

TEST_F(LargeThreads, CallsMayEndWhileTheirMessagesAreWorkedOn) {
  std::atomic<int> ended = 0;
  on_threads(4, [&](unsigned number) {
    const v1::Texts::BlockingStub stub(channel_);
    for (unsigned i = 0; i < 8; ++i) {
      const Text request = text_of(content(900'000, i));
      // From at once to about what such a call takes.
      const auto timeout = std::chrono::microseconds(1 + 700 * i);
      const auto came = stub.Get(request, CallOptions().compression(coding_of(number + i)).timeout(timeout));
      EXPECT_TRUE(came || came.error().code() == Code::deadline_exceeded) << came.error().to_string();
      ++ended;
    }
  });
  EXPECT_EQ(ended, 32);
  const auto after = v1::Texts::BlockingStub(channel_).Get(text_of("still there"));
  ASSERT_TRUE(after) << after.error().to_string();
}

}  // namespace
}  // namespace pintle::compression
