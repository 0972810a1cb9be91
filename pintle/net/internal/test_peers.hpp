// What this room's tests share: an echo server, clients, and waiting without sleeping.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <pintle/async/event.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/net/connector.hpp>
#include <pintle/net/internal/fd.hpp>
#include <pintle/net/listener.hpp>

namespace pintle::net::test {

// Answers every byte with the same byte, until the peer ends its side; then destroys itself.
class Echo final : ByteStream::Observer {
 public:
  static void serve(std::unique_ptr<ByteStream> stream) { new Echo(std::move(stream)); }

 private:
  explicit Echo(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {
    stream_->set_observer(*this);
    stream_->want_read();
  }
  void on_readable() noexcept override {
    std::array<std::byte, 4096> buffer;
    for (;;) {
      const IoResult r = stream_->read(buffer);
      if (r.state == IoState::would_block) break;
      if (r.state != IoState::ok) return delete this;
      pending_.append(reinterpret_cast<const char*>(buffer.data()), r.size);
      if (r.size < buffer.size()) break;
    }
    stream_->want_read();
    on_writable();
  }
  void on_writable() noexcept override {
    while (!pending_.empty()) {
      const IoResult r = stream_->write(std::as_bytes(std::span(pending_)));
      if (r.state != IoState::ok) {
        if (r.state == IoState::would_block) stream_->want_write();
        return;
      }
      pending_.erase(0, r.size);
    }
  }
  std::unique_ptr<ByteStream> stream_;
  std::string pending_;
};

// A stream that a coroutine reads and writes.
class Pipe final : ByteStream::Observer {
 public:
  explicit Pipe(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) { stream_->set_observer(*this); }
  Task<std::string> ask(std::string text) {
    std::span<const std::byte> rest = std::as_bytes(std::span(text));
    std::string answer;
    while (answer.size() < text.size()) {
      if (!rest.empty()) {
        const IoResult w = stream_->write(rest);
        if (w.state == IoState::error) co_return "write: " + stream_->error();
        if (w.state == IoState::ok) rest = rest.subspan(w.size);
        if (w.state == IoState::would_block) stream_->want_write();
      }
      std::array<std::byte, 65536> buffer;
      const IoResult r = stream_->read(buffer);
      if (r.state == IoState::ok) answer.append(reinterpret_cast<const char*>(buffer.data()), r.size);
      if (r.state == IoState::end) co_return "end";
      if (r.state == IoState::error) co_return "read: " + stream_->error();
      if (r.state == IoState::would_block) {
        stream_->want_read();
        co_await Woken(*this);
      }
    }
    co_return answer;
  }
  ByteStream& stream() { return *stream_; }

 private:
  struct Woken : CoWaiter {
    explicit Woken(Pipe& p) : pipe(p) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
      suspend(h, nullptr);
      pipe.waiter_ = this;
    }
    void await_resume() noexcept { pipe.waiter_ = nullptr; }
    Pipe& pipe;
  };
  void on_readable() noexcept override {
    if (waiter_ != nullptr) waiter_->wake();
  }
  void on_writable() noexcept override { on_readable(); }
  std::unique_ptr<ByteStream> stream_;
  Woken* waiter_ = nullptr;
};

inline SockAddress address(std::string_view text) { return parse_listen_address(text).value(); }

inline std::vector<Loop*> all(Runtime& runtime) {
  std::vector<Loop*> loops;
  for (std::size_t i = 0; i < runtime.size(); ++i) loops.push_back(&runtime.loop(i));
  return loops;
}

inline RuntimeOptions threads(std::size_t n) {
  RuntimeOptions o;
  o.threads = n;
  return o;
}

inline void wait_closed(Listener& listener) {
  std::atomic<bool> closed = false;
  listener.close([&closed] {
    closed = true;
    closed.notify_one();
  });
  closed.wait(false);
}

inline Task<std::string> echo_once(SockAddress to, std::string text) {
  auto stream = co_await connect(to);
  if (!stream) co_return stream.error().to_string();
  Pipe pipe(std::move(*stream));
  co_return co_await pipe.ask(std::move(text));
}

struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "pintle-net-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Blocking clients of the kernel's making, connected in order.
inline std::vector<Fd> connect_many(const SockAddress& to, int n) {
  std::vector<Fd> all_of_them;
  for (int i = 0; i < n; ++i) {
    all_of_them.emplace_back(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(all_of_them.back().get(), to.data(), to.size()), 0);
  }
  return all_of_them;
}

inline std::string ask(int fd, std::string_view text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  std::string answer(text.size(), ' ');
  EXPECT_EQ(::recv(fd, answer.data(), answer.size(), MSG_WAITALL), static_cast<ssize_t>(text.size()));
  return answer;
}

// Lets the loops turn until `condition` holds; the test's own time limit is what ends it otherwise.
template <class Condition>
void eventually(Runtime& runtime, Condition condition) {
  const auto turn = []() -> Task<void> { co_await yield(); };
  while (!condition()) sync_wait(runtime, turn());
}

// Closes the listener and waits until every connection is gone: nothing of a test outlives its runtime.
inline void finish(Runtime& runtime, Listener& listener) {
  wait_closed(listener);
  eventually(runtime, [&] { return listener.counts().open == 0; });
}

// A coroutine's view of a stream's readiness.
class Waiting final : ByteStream::Observer {
 public:
  explicit Waiting(ByteStream& stream) : stream_(stream) { stream_.set_observer(*this); }
  Task<void> readable() {
    event_.reset();
    stream_.want_read();
    (void)co_await event_.wait();
  }

 private:
  void on_readable() noexcept override { event_.set(); }
  void on_writable() noexcept override {}
  ByteStream& stream_;
  Event event_;
};

}  // namespace pintle::net::test
