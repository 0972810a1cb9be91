#include <pintle/base/line_writer.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pintle/base/internal/line_ring.hpp>

namespace pintle {
namespace {

constexpr std::size_t kRings = 16;
// A pipe that says it is writable takes so much without blocking (PIPE_BUF).
constexpr std::size_t kPiece = 4096;
constexpr Duration kLastPatience = std::chrono::seconds(1);
constexpr Duration kFarewell = std::chrono::milliseconds(100);
constexpr int kLinger = 2;          // milliseconds between two looks while lines come
constexpr int kWithoutMemory = 10;  // milliseconds until it is tried again

std::size_t ring_of_this_thread() noexcept {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t kMine = threads.fetch_add(1) % kRings;
  return kMine;
}

// What is written at once: whole lines as far as they fit, so that nobody else's words get into one.
std::string_view piece_of(std::string_view bytes) {
  if (bytes.size() <= kPiece) return bytes;
  const std::size_t last = bytes.substr(0, kPiece).rfind('\n');
  return bytes.substr(0, last == std::string_view::npos ? kPiece : last + 1);
}

// A stranger's signal must not be delivered to the writer's thread.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

class LineWriter::Core {
 public:
  Core(int fd, SayDropped say_dropped)
      : fd_(fd), say_dropped_(std::move(say_dropped)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  Core(const Core&) = delete;
  ~Core() { ::close(wake_); }

  bool write(std::string_view line) noexcept {
    bool filling = false;
    const bool taken = rings_[ring_of_this_thread()].push(line, tickets_, filling);
    if (!taken) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      unsaid_.fetch_add(1);
    }
    if (asleep_.load() && asleep_.exchange(false)) wake();
    if ((filling || !taken) && lingers_.load() && lingers_.exchange(false)) wake();
    return taken;
  }

  bool flush(Duration limit) noexcept {
    const std::uint64_t wanted = tickets_.load();
    wake();
    std::unique_lock lock(mutex_);
    return progress_.wait_for(lock, limit, [&] { return written_ >= wanted && unsaid_.load() == 0; });
  }

  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

  // From now on nothing more is written. Waits a little for the thread, which may be stuck in a write.
  void abandon() noexcept {
    abandoned_ = true;
    wake();
    std::unique_lock lock(mutex_);
    progress_.wait_for(lock, kFarewell, [&] { return ended_; });
  }

  // The writer's thread.
  void run() {
    while (!abandoned_) {
      const std::uint64_t horizon = tickets_.load();
      try {
        collect(horizon);
      } catch (...) {  // out of memory: the lines wait, and those that find no place are counted
        ::poll(nullptr, 0, kWithoutMemory);
        continue;
      }
      write_batch();
      report([&] { written_ = horizon; });
      if (batch_.empty()) sleep();
    }
    report([&] { ended_ = true; });
  }

 private:
  using Ticketed = std::pair<std::uint64_t, std::string>;

  // Puts together every line below the horizon, in the order in which they were written. A line that was written
  // because of another has a higher number; with a horizon that is known before the first ring is looked at, it never
  // comes out without that other one.
  void collect(std::uint64_t horizon) {
    lines_.clear();
    batch_.clear();
    for (LineRing& ring : rings_)
      while (
          ring.pop(horizon, [&](std::uint64_t ticket, std::string_view line) { lines_.emplace_back(ticket, line); })) {
      }
    std::ranges::sort(lines_, {}, &Ticketed::first);
    for (const Ticketed& line : lines_) batch_ += line.second;
    if (const std::uint64_t lost = unsaid_.exchange(0); lost != 0 && say_dropped_) say_dropped_(lost, batch_);
  }

  void write_batch() {
    std::string_view rest = batch_;
    while (!rest.empty() && !abandoned_) {
      std::array<pollfd, 2> ready{pollfd{fd_, POLLOUT, 0}, pollfd{wake_, POLLIN, 0}};
      ::poll(ready.data(), fd_ < 0 ? 0 : ready.size(), fd_ < 0 ? 0 : -1);
      if (ready[1].revents != 0) hear();
      if (fd_ >= 0 && ready[0].revents == 0) continue;
      const ssize_t n = ::write(fd_, rest.data(), piece_of(rest).size());
      if (n > 0)
        rest.remove_prefix(static_cast<std::size_t>(n));
      else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        return;
    }
  }

  bool has_news() const { return abandoned_ || unsaid_.load() != 0 || std::ranges::any_of(rings_, &LineRing::ready); }

  // Where lines come they come by the hundred: a little later there are some, and nobody had to wake this thread for
  // each of them.
  void sleep() {
    lingers_ = true;
    pollfd early{wake_, POLLIN, 0};
    ::poll(&early, 1, kLinger);
    lingers_ = false;
    hear();
    if (has_news()) return;
    asleep_ = true;
    if (!has_news()) {
      pollfd woken{wake_, POLLIN, 0};
      ::poll(&woken, 1, -1);
    }
    asleep_ = false;
    hear();
  }

  template <class Change>
  void report(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    progress_.notify_all();
  }

  void wake() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }
  void hear() noexcept {
    std::uint64_t heard = 0;
    (void)!::read(wake_, &heard, sizeof heard);
  }

  const int fd_;
  const SayDropped say_dropped_;
  const int wake_;
  std::array<LineRing, kRings> rings_;
  std::atomic<std::uint64_t> tickets_ = 0;  // the number of the next line
  std::atomic<std::uint64_t> dropped_ = 0, unsaid_ = 0;
  std::atomic<bool> asleep_ = false, lingers_ = false, abandoned_ = false;
  std::vector<Ticketed> lines_;  // writer's thread
  std::string batch_;            // writer's thread

  std::mutex mutex_;
  std::condition_variable progress_;
  std::uint64_t written_ = 0;  // guarded by mutex_: lines below it have left, or were lost
  bool ended_ = false;         // guarded by mutex_
};

LineWriter::LineWriter(int fd, SayDropped say_dropped) : core_(std::make_shared<Core>(fd, std::move(say_dropped))) {
  const SignalsBlocked blocked;
  std::thread([core = core_] { core->run(); }).detach();
}

LineWriter::~LineWriter() {
  core_->flush(kLastPatience);
  core_->abandon();
}

bool LineWriter::write(std::string_view line) noexcept { return core_->write(line); }

bool LineWriter::flush(Duration limit) noexcept { return core_->flush(limit); }

std::uint64_t LineWriter::dropped() const noexcept { return core_->dropped(); }

}  // namespace pintle
