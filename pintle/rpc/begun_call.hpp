// A client's unary call that is under way without a coroutine of its own (Handler::begin()).
#pragma once

#include <cstddef>

#include <pintle/async/frames.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/framed.hpp>

namespace pintle {

// Its stub waits for the response in the frame that it has anyway. One call, loop's thread only; destroyed before the
// end it cancels its exchange, as a destroyed coroutine does.
class BegunCall {
 public:
  BegunCall(const BegunCall&) = delete;

  // step() follows when these say something else than pending, or the call's scope is cancelled.
  FramedSource& responses() { return *responses_; }
  // Gives the caller's sink what has come. True: the call is over, with `status`. Throws nothing.
  virtual bool step(Status& status) = 0;
  // Its end: what std::unique_ptr's `delete` would be, in one virtual call.
  virtual void let_go() noexcept = 0;

  // From where the frames come that it saves.
  static void* operator new(std::size_t size) { return detail::Frames::allocate(size); }
  static void operator delete(void* call, std::size_t size) noexcept { detail::Frames::release(call, size); }

 protected:
  BegunCall() = default;
  ~BegunCall() = default;
  FramedSource* responses_ = nullptr;  // whoever derives from it says
};

struct LetGo {
  void operator()(BegunCall* call) const noexcept { call->let_go(); }
};

}  // namespace pintle
