#include <pintle/client/internal/unary_call.hpp>

#include <utility>

namespace pintle::client {

UnaryCall::Step UnaryCall::took(Status room, Status& status) {
  if (!room.ok()) {
    exchange.cancel();
    status = std::move(room);
    return Step::over;
  }
  if (!last_) return take(status);
  status = exchange.reader().outcome();
  return Step::over;
}

bool UnaryCall::step(Status& status) {
  const Step step = take(status);
  if (step == Step::wait) return false;
  if (step == Step::room) [[unlikely]]
    took(call_.scope.status(), status);  // it threw, and that ended the call
  close(status);
  return true;
}

}  // namespace pintle::client
