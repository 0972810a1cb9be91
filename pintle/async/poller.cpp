#include <pintle/async/internal/poller.hpp>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace pintle {
namespace {

constexpr std::uint32_t kEdge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kGone = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

Descriptor::Descriptor(Loop& loop, int fd, Observer& observer, Trigger trigger)
    : poller_(*loop.poller()), observer_(observer), fd_(fd), trigger_(trigger) {
  valid_ = poller_.control(EPOLL_CTL_ADD, *this, trigger == Trigger::edge ? kEdge : EPOLLONESHOT);
}

Descriptor::~Descriptor() { poller_.forget(*this); }

void Descriptor::want_read() noexcept {
  if (want_read_) return;
  want_read_ = true;
  if (trigger_ == Trigger::level)
    poller_.control(EPOLL_CTL_MOD, *this, EPOLLONESHOT | EPOLLIN | EPOLLRDHUP | (want_write_ ? EPOLLOUT : 0u));
  else if (readable_)
    again();
}

void Descriptor::want_write() noexcept {
  if (want_write_) return;
  want_write_ = true;
  if (trigger_ == Trigger::level)
    poller_.control(EPOLL_CTL_MOD, *this, EPOLLONESHOT | EPOLLOUT | (want_read_ ? EPOLLIN | EPOLLRDHUP : 0u));
  else if (writable_)
    again();
}

void Descriptor::again() noexcept {
  if (before_ != nullptr) return;
  next_ = poller_.again_;
  if (next_ != nullptr) next_->before_ = &next_;
  before_ = &poller_.again_;
  poller_.again_ = this;
}

Poller::Poller(Loop& loop) : loop_(loop) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail("epoll_create1");
  event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Edge-triggered: each write is a new edge, so it is never read.
  epoll_event e{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (event_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &e) != 0) {
    if (event_ >= 0) ::close(event_);
    ::close(epoll_);
    fail("eventfd");
  }
}

Poller::~Poller() {
  guest_.reset();
  ::close(event_);
  ::close(epoll_);
}

void Poller::wake() noexcept {
  if (!asleep_.exchange(false)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_, &one, sizeof one);
}

void Poller::wait(std::optional<Duration> timeout) {
  if (again_ != nullptr) timeout = Duration::zero();
  if (!timeout || *timeout > Duration::zero()) {
    // Sleep is announced before the inbox is looked at, and post() fills the inbox before it looks for sleepers: one of
    // the two sees the other.
    asleep_.store(true);
    if (loop_.has_posted()) timeout = Duration::zero();
  }
  if (guest_) {
    loop_.expire_now();
    guest_->wait(timeout);
    timeout = Duration::zero();
  }
  collect(timeout);
  asleep_.store(false, std::memory_order_relaxed);
  loop_.begin_turn();
  dispatch();
}

void Poller::collect(std::optional<Duration> timeout) {
  next_ = 0;
  count_ = -1;
  const int room = static_cast<int>(events_.size());
  if (timeout && *timeout > Duration::zero() && fine_timeouts_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
    const timespec t{.tv_sec = seconds.count(), .tv_nsec = (*timeout - seconds).count()};
    count_ = ::epoll_pwait2(epoll_, events_.data(), room, &t, nullptr);
    if (count_ < 0 && errno != EINTR) fine_timeouts_ = false;  // an older kernel, or a sandbox: milliseconds will do
  }
  if (count_ < 0 && (!timeout || *timeout == Duration::zero() || !fine_timeouts_)) {
    int ms = -1;
    if (timeout) ms = static_cast<int>(std::min<std::int64_t>((timeout->count() + 999'999) / 1'000'000, 3'600'000));
    count_ = ::epoll_wait(epoll_, events_.data(), room, ms);
  }
  count_ = std::max(count_, 0);  // EINTR: an empty turn
}

void Poller::dispatch() {
  // Those that were ready before the wait come after the kernel's; what they ask for again waits for the next turn.
  Descriptor* again = std::exchange(again_, nullptr);
  if (again != nullptr) again->before_ = &again;
  std::size_t sharers = 0;
  for (const Descriptor* d = again; d != nullptr; d = d->next_) ++sharers;
  for (int i = 0; i < count_; ++i) {
    const auto* d = static_cast<const Descriptor*>(events_[static_cast<std::size_t>(i)].data.ptr);
    if (d != nullptr && d->before_ == nullptr) ++sharers;  // the others were counted already
  }
  loop_.set_sharers(sharers);
  while (next_ < count_) {
    const epoll_event e = events_[static_cast<std::size_t>(next_++)];
    if (e.data.ptr != nullptr) tell(*static_cast<Descriptor*>(e.data.ptr), e.events);
  }
  while (again != nullptr) {
    Descriptor& d = *again;
    again = d.next_;
    if (again != nullptr) again->before_ = &again;
    d.before_ = nullptr;
    d.next_ = nullptr;
    tell(d, 0);
  }
  count_ = next_ = 0;
}

void Poller::tell(Descriptor& d, std::uint32_t events) noexcept {
  if ((events & kGone) != 0) d.hung_up_ = true;
  if (d.trigger_ == Descriptor::Trigger::level) {
    // One shot: the kernel is silent until it is asked again.
    const bool read = std::exchange(d.want_read_, false), write = std::exchange(d.want_write_, false);
    d.readable_ = (events & (EPOLLIN | kGone)) != 0;
    d.writable_ = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    const bool readable = read && d.readable_, writable = write && d.writable_;
    if (read && !readable) d.want_read();
    if (write && !writable) d.want_write();
    told_ = &d;
    if (readable) d.observer_.on_readable();
    if (writable && told_ == &d) d.observer_.on_writable();
    told_ = nullptr;
    return;
  }
  if ((events & (EPOLLIN | kGone)) != 0) d.readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) d.writable_ = true;
  told_ = &d;
  if (d.want_read_ && d.readable_) {
    d.want_read_ = false;
    d.observer_.on_readable();
  }
  if (told_ == &d && d.want_write_ && d.writable_) {
    d.want_write_ = false;
    d.observer_.on_writable();
  }
  told_ = nullptr;
}

bool Poller::control(int operation, Descriptor& d, std::uint32_t events) noexcept {
  epoll_event e{.events = events, .data = {.ptr = &d}};
  return ::epoll_ctl(epoll_, operation, d.fd_, &e) == 0;
}

void Poller::forget(Descriptor& d) noexcept {
  if (d.valid_) control(EPOLL_CTL_DEL, d, 0);
  if (d.before_ != nullptr) {
    *d.before_ = d.next_;
    if (d.next_ != nullptr) d.next_->before_ = d.before_;
  }
  if (told_ == &d) told_ = nullptr;
  for (int i = next_; i < count_; ++i) {
    if (events_[static_cast<std::size_t>(i)].data.ptr == &d) events_[static_cast<std::size_t>(i)].data.ptr = nullptr;
  }
}

}  // namespace pintle
