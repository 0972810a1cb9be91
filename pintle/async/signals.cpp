#include <pintle/async/signals.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <pintle/async/descriptor.hpp>

namespace pintle {
namespace {

// A signal handler is the process's, so what it needs is too: the pipe of the watch of each signal, -1 for none. (A
// signalfd would need the signals blocked in every thread, those of others included.)
class Pipes {
 public:
  Pipes() {
    for (auto& p : pipe_) p.store(-1);
  }
  std::atomic<int>& operator[](int signal) { return pipe_[static_cast<std::size_t>(signal)]; }

 private:
  std::array<std::atomic<int>, NSIG> pipe_;
};
static_assert(std::atomic<int>::is_always_lock_free);
Pipes pipes;

void handle(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  [[maybe_unused]] const ssize_t n = ::write(pipes[signal].load(), &byte, 1);
  errno = saved;
}

}  // namespace

class SignalWatch::Impl final : public Descriptor::Observer {
 public:
  Impl(Loop& loop, std::vector<int> signals, std::function<void(int)> on_signal)
      : on_signal_(std::move(on_signal)), descriptor_(loop, pipe_[0], *this, Descriptor::Trigger::level) {
    try {
      for (const int signal : signals) watch(signal);
    } catch (...) {
      restore();
      throw;
    }
    descriptor_.want_read();
  }
  ~Impl() { restore(); }

 private:
  struct Pipe : std::array<int, 2> {
    Pipe() {
      if (::pipe2(data(), O_CLOEXEC | O_NONBLOCK) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    Pipe(const Pipe&) = delete;
    ~Pipe() {
      for (const int fd : *this) ::close(fd);
    }
  };

  void watch(int signal) {
    if (signal <= 0 || signal >= NSIG) throw std::logic_error("no such signal: " + std::to_string(signal));
    int none = -1;
    if (!pipes[signal].compare_exchange_strong(none, pipe_[1]))
      throw std::logic_error("another SignalWatch waits for signal " + std::to_string(signal));
    before_.emplace_back(signal, Action());
    struct sigaction action = {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    if (::sigaction(signal, &action, &before_.back().second) != 0) {
      before_.pop_back();
      pipes[signal].store(-1);
      throw std::system_error(errno, std::generic_category(), "sigaction");
    }
  }
  void restore() {
    for (auto& [signal, action] : before_) {
      ::sigaction(signal, &action, nullptr);
      pipes[signal].store(-1);
    }
    before_.clear();
  }
  void on_readable() noexcept override {
    std::array<unsigned char, 64> came;
    const ssize_t n = ::read(pipe_[0], came.data(), came.size());
    descriptor_.want_read();
    // A copy: the callback may destroy the watch.
    const auto tell = on_signal_;
    for (ssize_t i = 0; i < n; ++i) tell(came[static_cast<std::size_t>(i)]);
  }
  void on_writable() noexcept override {}

  using Action = struct sigaction;
  std::function<void(int)> on_signal_;
  Pipe pipe_;
  Descriptor descriptor_;
  std::vector<std::pair<int, Action>> before_;
};

SignalWatch::SignalWatch(Loop& loop, std::vector<int> signals, std::function<void(int)> on_signal)
    : impl_(std::make_unique<Impl>(loop, std::move(signals), std::move(on_signal))) {}

SignalWatch::~SignalWatch() = default;

}  // namespace pintle
