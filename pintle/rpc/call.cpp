#include <pintle/rpc/call.hpp>

namespace pintle {

Status detail::Room::nobody_reads() {
  return Status(Code::unavailable, "the call has ended: nobody reads this stream any more", Origin::library);
}

void Call::Alarm::ring(Timer* timer) noexcept {
  static_cast<Alarm*>(timer)->call.scope.cancel(
      Status(Code::deadline_exceeded, "the call's deadline has passed", Origin::library), CancelCause::deadline);
}

void Call::enforce_deadline(Loop& loop) {
  if (deadline.is_infinite()) return;
  if (deadline.expired(loop.now()))
    Alarm::ring(&alarm_);
  else
    loop.arm(alarm_, deadline.at());
}

void Call::finish() {
  alarm_.disarm();
  scope.release();
}

void Call::reset(const MethodInfo& m, CancelScope* above) {
  method = &m;
  parent = nullptr;
  deadline = Deadline();
  request.clear();
  head.clear();
  trailers.clear();
  facts = Facts();
  compression.reset();
  wait_for_ready = false;
  draining = nullptr;
  alarm_.disarm();
  scope.reset(above);
}

}  // namespace pintle
