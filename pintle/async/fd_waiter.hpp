// `co_await` until a file descriptor can be read or written: for connecting sockets and for libraries like libpq.
#pragma once

#include <pintle/async/descriptor.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>

namespace pintle {

// At most one coroutine waits for each direction. Loop's thread only; destroy it before the fd is closed and when
// nobody waits.
class FdWaiter final : Descriptor::Observer {
 public:
  class [[nodiscard("co_await it: it waits for nothing before")]] Wait : CoWaiter {
   public:
    Wait(FdWaiter& owner, Wait*& slot, Deadline deadline) : owner_(owner), slot_(slot), deadline_(deadline) {}
    ~Wait() {
      if (slot_ == this) slot_ = nullptr;
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
      const Env& env = h.promise().env;
      scope_ = env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      suspend(h, scope_);
      slot_ = this;
      if (!deadline_.is_infinite()) {
        timer_.owner = this;
        env.loop->arm(timer_, deadline_.at());
      }
      if (&slot_ == &owner_.reader_)
        owner_.descriptor_.want_read();
      else
        owner_.descriptor_.want_write();
      return true;
    }
    Status await_resume() {
      timer_.disarm();
      done();
      if (slot_ == this) slot_ = nullptr;
      if (ready_) return {};
      if (scope_ != nullptr && scope_->cancelled()) return scope_->status();
      return Status(Code::deadline_exceeded, "the file descriptor was not ready in time", Origin::library);
    }

   private:
    friend class FdWaiter;
    struct Alarm : Timer {
      Alarm() : Timer([](Timer* t) noexcept { static_cast<Alarm*>(t)->owner->post(); }) {}
      Wait* owner = nullptr;
    };
    void fire() noexcept {
      ready_ = true;
      post();
    }
    FdWaiter& owner_;
    Wait*& slot_;
    Deadline deadline_;
    CancelScope* scope_ = nullptr;
    bool ready_ = false;
    Alarm timer_;
  };

  // With Trigger::edge the caller tells descriptor() what it has drained and filled.
  FdWaiter(Loop& loop, int fd, Descriptor::Trigger trigger = Descriptor::Trigger::level)
      : descriptor_(loop, fd, *this, trigger) {}
  FdWaiter(const FdWaiter&) = delete;

  // OK when reading (writing) may make progress, an error included; DEADLINE_EXCEEDED; or the status of the scope.
  Wait readable(Deadline deadline = {}) { return Wait(*this, reader_, deadline); }
  Wait writable(Deadline deadline = {}) { return Wait(*this, writer_, deadline); }
  Descriptor& descriptor() noexcept { return descriptor_; }

 private:
  void on_readable() noexcept override {
    if (Wait* w = std::exchange(reader_, nullptr)) w->fire();
  }
  void on_writable() noexcept override {
    if (Wait* w = std::exchange(writer_, nullptr)) w->fire();
  }
  Wait* reader_ = nullptr;
  Wait* writer_ = nullptr;
  Descriptor descriptor_;
};

}  // namespace pintle
