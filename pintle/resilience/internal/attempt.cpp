#include <pintle/resilience/internal/attempt.hpp>

#include <string>

namespace pintle::resilience {

Attempt::Attempt(LayerCall& of, Replay& replay, int number, int previous, std::optional<Duration> timeout)
    : of_(of), replay_(replay), call_(of, *of.source, *this), requests_(replay, call_) {
  call_.facts.attempt = number;
  call_.facts.left_client = call_.facts.processed = call_.facts.committed = call_.facts.dropped = false;
  if (previous > 0) call_.request_metadata.set("grpc-previous-rpc-attempts", std::to_string(previous));
  if (timeout) of.loop().arm(timeout_, of.loop().now() + *timeout);
}

void Attempt::Timeout::ring(Timer* timer) noexcept {
  Attempt& attempt = static_cast<Timeout*>(timer)->attempt;
  attempt.timed_out_ = true;
  attempt.call_.scope.cancel(
      Status(Code::deadline_exceeded, "the attempt had no response within its own timeout", Origin::library),
      CancelCause::deadline);
}

void Attempt::commit() {
  timeout_.disarm();
  replay_.commit(requests_);
  call_.facts.committed = of_.facts.committed = true;
}

void Attempt::head(const Metadata& metadata) {
  if (call_.cancelled()) return;
  commit();
  of_.response_head = metadata;
  of_.sink->head(metadata);
}

// A head comes before; where a layer's own message does not wait for one, it is the first of the response.
Poll Attempt::push(const Message& message) {
  if (!call_.facts.committed && !call_.cancelled()) commit();
  return call_.cause() == CancelCause::superseded ? Poll::end : of_.sink->push(message);
}

AttemptEnd Attempt::end(const Status& status) const {
  AttemptEnd end;
  end.code = status.code();
  end.committed = call_.facts.committed || replay_.committed();
  end.dropped = call_.facts.dropped;
  end.timed_out = timed_out_ && !status.ok();
  end.opened = call_.peer_owner != nullptr;
  end.left_client = call_.facts.left_client;
  end.processed = call_.facts.processed;
  end.pushback = Pushback::of(call_.response_trailers);
  return end;
}

}  // namespace pintle::resilience
