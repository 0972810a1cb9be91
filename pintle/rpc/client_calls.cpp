#include <pintle/rpc/client_calls.hpp>

namespace pintle::detail {

Poll OneResponse::push(const Message& message) {
  if (++count_ > 1) return Poll::ready;
  was_compressed_ = message.was_compressed();
  if (message.large() != nullptr && type_.move != nullptr) [[unlikely]]
    if (void* const parsed = message.take_object()) {
      type_.move(slot_, parsed);
      type_.drop(parsed);
      return Poll::ready;
    }
  if (message.has_bytes()) {
    malformed_ = !type_.parse(slot_, message.bytes());
  } else {
    std::shared_ptr<std::byte[]> owner;
    malformed_ = !type_.parse(slot_, message.retain(owner).bytes());
  }
  return Poll::ready;
}

Task<Status> call_with_large(Handler& chain, LayerCall& call, Message& request) {
  const std::unique_ptr<LargeMessage> written = co_await pack(request);
  co_return co_await chain(call).in({&call.loop(), &call.scope, &call});
}

Status OneResponse::failure() const {
  if (count_ == 0)
    return Status(Code::unimplemented, "the server sent OK without a response message; the method has exactly one",
                  Origin::library);
  if (count_ > 1)
    return Status(Code::unimplemented, "the server sent a second response message; the method has exactly one",
                  Origin::library);
  return malformed_message(type_.name());
}

namespace {
// The call on whose behalf one with these options is made; null: none.
LayerCall* call_above(const CallOptions& options, const Env& env) {
  Call* above = options.rest() != nullptr && options.rest()->parent != nullptr ? options.rest()->parent : env.call;
  return above != nullptr ? &for_layers(*above) : nullptr;
}
}  // namespace

CancelScope* scope_of(const CallOptions& options, const Env& env) {
  if (const CallOptions::More* more = options.rest()) {
    if (more->detached) return nullptr;
    if (more->parent != nullptr) return &for_layers(*more->parent).scope;
  }
  return env.scope;
}

void apply(LayerCall& call, CallOptions& options, const Env& env) {
  Deadline deadline = options.deadline_at(env.loop->now());
  CallOptions::More* more = options.rest();
  if (LayerCall* parent = call_above(options, env)) {
    call.facts.trace_high = parent->facts.trace_high;
    call.facts.trace_low = parent->facts.trace_low;
    call.facts.span = parent->facts.span;
    if (more != nullptr && more->detached) {
      call.set_identity(parent->nearest_identity());
    } else {
      call.parent = parent;
      call.draining = parent->draining;
      deadline = deadline.earlier(parent->deadline());
    }
  }
  if (more != nullptr) {
    call.wait_for_ready = more->wait_for_ready;
    call.compression = more->compression;
    call.values = more->values.get();
    if (!more->metadata.empty()) call.request_metadata = std::move(more->metadata);
  }
  call.set_deadline(deadline);
}

void give_response_metadata(const Call& call, const CallOptions& options) {
  if (options.response() == nullptr) return;
  options.response()->head = call.response_head;
  options.response()->trailers = call.response_trailers;
}

}  // namespace pintle::detail
