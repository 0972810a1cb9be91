// Readiness of a file descriptor on a loop that a Runtime drives: what sockets, listeners, signals and foreign
// libraries (libpq, c-ares) wait with.
#pragma once

#include <cstdint>

#include <pintle/async/loop.hpp>

namespace pintle {

// Registers `fd` while it lives; closes nothing. Loop's thread only, except that it may be destroyed on any thread once
// the runtime was joined. Destroy it before the fd is closed.
class Descriptor {
 public:
  // Called from the loop, never from inside a call of the Descriptor. It may destroy the Descriptor.
  class Observer {
   public:
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;

   protected:
    ~Observer() = default;
  };

  enum class Trigger : std::uint8_t {
    // The kernel tells changes only: cheapest, one system call for the whole life. Whoever reads must read until there
    // is
    // nothing left and say so with drained(); the same for filled(). For our own sockets.
    edge,
    // The kernel is asked at each want_*(), one system call each: right for every library.
    level,
  };

  // REQUIRES: loop.poller() is not null. A descriptor that can't be polled (a regular file) gives valid() == false and
  // errno says why.
  Descriptor(Loop& loop, int fd, Observer& observer, Trigger trigger);
  Descriptor(const Descriptor&) = delete;
  ~Descriptor();

  bool valid() const noexcept { return valid_; }
  int fd() const noexcept { return fd_; }

  // One on_readable() (on_writable()) as soon as reading (writing) may make progress, an error or an end included.
  // Asking again before the call changes nothing.
  void want_read() noexcept;
  void want_write() noexcept;

  // Edge only. A read found nothing more: want_read() waits for the kernel's next word. Without hung_up() a read that
  // returned less than was asked for says the same.
  void drained() noexcept { readable_ = false; }
  // A write found no room.
  void filled() noexcept { writable_ = false; }
  // The peer has ended its side, or the connection is gone: only a read shows which, so a short read proves nothing.
  bool hung_up() const noexcept { return hung_up_; }

 private:
  friend class Poller;
  void again() noexcept;

  Poller& poller_;
  Observer& observer_;
  int fd_;
  Trigger trigger_;
  bool valid_ = false;
  bool readable_ = true, writable_ = true, hung_up_ = false;
  bool want_read_ = false, want_write_ = false;
  Descriptor* next_ = nullptr;  // in the poller's list of those that are ready without the kernel's word
  Descriptor** before_ = nullptr;
};

}  // namespace pintle
