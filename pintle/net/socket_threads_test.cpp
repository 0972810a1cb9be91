#include <atomic>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <pintle/net/internal/test_peers.hpp>

namespace pintle::net {
namespace {

using namespace test;

// A stream whose end and whose fault are written down; it asks for more after either.
class Watcher final : ByteStream::Observer {
 public:
  explicit Watcher(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {
    stream_->set_observer(*this);
    stream_->want_read();
  }
  void send() { (void)stream_->write(std::as_bytes(std::span("?", 1))); }
  std::atomic<int> ends = 0;
  std::atomic<bool> failed = false;

 private:
  void on_readable() noexcept override {
    std::array<std::byte, 64> buffer;
    const IoResult got = stream_->read(buffer);
    if (got.state == IoState::end) ++ends;
    if (got.state == IoState::error) failed = true;
    if (got.state != IoState::error) stream_->want_read();
  }
  void on_writable() noexcept override {}
  std::unique_ptr<ByteStream> stream_;
};

struct HalfClosed : ::testing::Test {
  HalfClosed() : runtime(threads(1)) {
    runtime.start();
    auto made = Listener::listen(address("127.0.0.1:0"), all(runtime), [this](std::unique_ptr<ByteStream> stream) {
      watcher = std::make_unique<Watcher>(std::move(stream));
      watched = true;
    });
    listener = std::move(*made);
    listener->start();
    client = std::move(connect_many(listener->address(), 1).front());
    EXPECT_EQ(::shutdown(client.get(), SHUT_WR), 0);
    eventually(runtime, [this] { return watched && watcher->ends == 1; });
  }
  ~HalfClosed() override {
    sync_wait(runtime, forget());
    finish(runtime, *listener);
  }
  Task<void> forget() {
    watcher.reset();
    co_return;
  }
  Task<void> send() {
    watcher->send();
    co_return;
  }

  Runtime runtime;
  std::unique_ptr<Watcher> watcher;  // the loop's, once watched
  std::atomic<bool> watched = false;
  std::unique_ptr<Listener> listener;
  Fd client;
};

// Linux says nothing but the end to whoever reads on.
TEST_F(HalfClosed, AResetAfterTheEndIsTold) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
  client = Fd();
  eventually(runtime, [this] { return watcher->failed.load(); });
}

TEST_F(HalfClosed, WhoIsGoneIsKnownByTheAnswerToWhatHeIsSent) {
  client = Fd();
  sync_wait(runtime, send());
  eventually(runtime, [this] { return watcher->failed.load(); });
}

}  // namespace
}  // namespace pintle::net
