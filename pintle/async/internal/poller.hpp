// What a runtime's loop blocks in: one epoll set with every Descriptor of the loop, and an eventfd that wakes it.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>

#include <sys/epoll.h>

#include <pintle/async/descriptor.hpp>
#include <pintle/async/loop.hpp>

namespace pintle {

// Loop's thread only, but for wake(). A sequential call costs three system calls: epoll_pwait2, recv, send.
class Poller {
 public:
  explicit Poller(Loop& loop);
  Poller(const Poller&) = delete;
  ~Poller();

  // Makes wait() return. Any thread; free while the loop is awake.
  void wake() noexcept;

  // Blocks until something is ready, `timeout` has passed (null: no bound) or wake() was called; then begins the loop's
  // turn and tells the observers.
  void wait(std::optional<Duration> timeout);

  // Another reactor in which the loop blocks instead, with this set as one of its descriptors (Asio, see asio.cpp).
  class Guest {
   public:
    virtual ~Guest() = default;
    // Blocks as wait() does, until a handler of the guest ran or the set is ready.
    virtual void wait(std::optional<Duration> timeout) = 0;
  };
  Guest* guest() const noexcept { return guest_.get(); }
  void set_guest(std::unique_ptr<Guest> guest) noexcept { guest_ = std::move(guest); }
  int fd() const noexcept { return epoll_; }

 private:
  friend class Descriptor;
  bool control(int operation, Descriptor& d, std::uint32_t events) noexcept;
  void forget(Descriptor& d) noexcept;
  void collect(std::optional<Duration> timeout);
  void dispatch();
  void tell(Descriptor& d, std::uint32_t events) noexcept;

  Loop& loop_;
  int epoll_ = -1;
  int event_ = -1;
  bool fine_timeouts_ = true;  // epoll_pwait2 exists
  std::atomic<bool> asleep_ = false;
  Descriptor* again_ = nullptr;
  Descriptor* told_ = nullptr;  // whom tell() is calling; null again when it was destroyed meanwhile
  int count_ = 0, next_ = 0;
  std::array<epoll_event, 256> events_;
  std::unique_ptr<Guest> guest_;
};

}  // namespace pintle
