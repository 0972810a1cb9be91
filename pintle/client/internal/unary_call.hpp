// A unary call's exchange on a connection: what its coroutine does between two waits, and all of it where no coroutine
// is needed.
#pragma once

#include <pintle/client/internal/client_call.hpp>
#include <pintle/rpc/begun_call.hpp>

namespace pintle::client {

class UnaryCall final : public BegunCall {
 public:
  [[gnu::always_inline]] UnaryCall(LayerCall& call, LoopChannel& loop_channel, const MessageLimits& limits)
      : exchange(call, loop_channel, limits), call_(call) {
    responses_ = &exchange.responses();
  }

  enum class Step {
    wait,  // for more of the response
    room,  // in the caller's sink, which answered the last push() with pushed(); then took()
    over,
  };
  // After an arrival. `status` is that of the call when it is over.
  Step take(Status& status);
  Poll pushed() const { return pushed_; }
  // The sink has room again, or never will: `room` is not OK.
  Step took(Status room, Status& status);
  // When the call is over. All of the rest of the channel hears of it.
  void close(Status& status);

  // For stubs, whose sink is never full.
  bool step(Status& status) override;
  void let_go() noexcept override { delete this; }

  Picked picked;
  ClientCall exchange;

 private:
  LayerCall& call_;
  Poll pushed_ = Poll::ready;
  bool last_ = false;
};

[[gnu::always_inline]] inline UnaryCall::Step UnaryCall::take(Status& status) {
  for (;;) {
    Message* message = nullptr;
    const Poll polled = detail::poll(call_, exchange.responses(), message);
    if (exchange.stopped(polled, status)) return Step::over;
    if (polled != Poll::ready) return Step::wait;
    last_ = message->is_last();
    pushed_ = detail::push(call_, *call_.sink, *message);
    if (pushed_ != Poll::ready) [[unlikely]]
      return Step::room;
    if (!last_) continue;
    status = exchange.reader().outcome();
    return Step::over;
  }
}

[[gnu::always_inline]] inline void UnaryCall::close(Status& status) {
  exchange.close(status);
  picked.subchannel->next_turn();
  picked.ended(status);
}

}  // namespace pintle::client
