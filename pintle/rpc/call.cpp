#include <pintle/rpc/call.hpp>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/layer_call.hpp>

namespace pintle {

Status detail::Room::nobody_reads() {
  return Status(Code::unavailable, "the call has ended: nobody reads this stream any more", Origin::library);
}

const Identity& Call::identity() const {
  static const Identity kNobody;
  const std::shared_ptr<const Identity>& identity = for_layers(*this).nearest_identity();
  return identity != nullptr ? *identity : kNobody;
}

const std::shared_ptr<const Identity>& LayerCall::nearest_identity() const {
  const LayerCall* call = this;
  while (call->identity_ == nullptr && call->parent != nullptr) call = call->parent;
  return call->identity_;
}

const void* Call::find(const void* type) const {
  for (const Call* call = this; call != nullptr; call = call->parent) {
    if (const void* value = call->slots.find(type)) return value;
    for (const CallValue* value = call->values; value != nullptr; value = value->next.get())
      if (value->type == type) return value->object.get();
  }
  return nullptr;
}

LayerCall::LayerCall(LayerCall& of, Source& in, Sink& out) : Call(*of.loop_, *of.method_, in, out, &of.scope) {
  parent = &of;
  is_attempt_ = true;
  facts = of.facts;
  if (of.peer_owner != nullptr) {  // of an attempt before; this one has a peer when it has a connection
    facts.peer = {};
    facts.tls = nullptr;
  }
  deadline_ = of.deadline_;
  compression = of.compression;
  wait_for_ready = of.wait_for_ready;
  exceptions = of.exceptions;
  load = of.load;
  draining = of.draining;
  slots.use(of.slots.layout());
}

void LayerCall::chosen() {
  LayerCall& of = *attempt_of();
  of.response_head = std::move(response_head);
  of.response_trailers = std::move(response_trailers);
  of.facts = facts;
  of.traffic = traffic;
  of.peer_owner = peer_owner;
}

void LayerCall::Alarm::ring(Timer* timer) noexcept {
  LayerCall& call = static_cast<Alarm*>(timer)->call;
  if (call.alarm_status_.ok())
    call.scope.cancel(Status(Code::deadline_exceeded, "the call's deadline has passed", Origin::library),
                      CancelCause::deadline);
  else
    call.scope.cancel(call.alarm_status_, call.alarm_cause_);
}

void LayerCall::arm(TimePoint at) {
  if (at <= loop_->now())
    Alarm::ring(&alarm_);
  else
    loop_->arm(alarm_, at);
}

void LayerCall::set_deadline(Deadline deadline) {
  deadline_ = deadline;
  if (!deadline.is_infinite()) arm(deadline.at());
}

void LayerCall::shorten_deadline(TimePoint at) {
  if (at >= deadline_.at()) return;
  deadline_ = Deadline(at);
  if (alarm_.armed() && alarm_.at() <= at) return;
  alarm_status_ = Status();
  arm(at);
}

void LayerCall::end_at(TimePoint at, Status status, CancelCause cause) {
  if (cancelled() || (alarm_.armed() && alarm_.at() <= at)) return;
  alarm_status_ = std::move(status);
  alarm_cause_ = cause;
  arm(at);
}

Status LayerCall::status_of(const std::exception_ptr& exception) const noexcept {
  if (exceptions != nullptr) return exceptions->status_of(*this, exception);
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return Status(Code::unknown, e.what(), Origin::library);
  } catch (...) {
    return Status(Code::unknown, "an exception that is not a std::exception", Origin::library);
  }
}

void LayerCall::fail_with_current_exception() noexcept {
  scope.cancel(status_of(std::current_exception()), CancelCause::exception);
}

void LayerCall::finish() {
  alarm_.disarm();
  slots.clear();
  scope.release();
}

void LayerCall::reset(const MethodInfo& m, CancelScope* above) {
  method_ = &m;
  parent = nullptr;
  started_ = loop_->now();
  deadline_ = Deadline();
  request_metadata.clear();
  response_head.clear();
  response_trailers.clear();
  facts = Facts();
  facts.path = m.path;
  traffic = Traffic();
  identity_.reset();
  values = nullptr;
  compression.reset();
  wait_for_ready.reset();
  draining = nullptr;
  verified = nullptr;
  credential_id = 0;
  refusal = Status();
  ended_ = false;
  ended_status_ = Status();
  alarm_status_ = Status();
  scope.reset(above);
}

}  // namespace pintle
