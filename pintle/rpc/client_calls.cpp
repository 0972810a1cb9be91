#include <pintle/rpc/client_calls.hpp>

namespace pintle::detail {

Poll OneResponse::push(const Message& message) {
  if (++count_ > 1) return Poll::ready;
  was_compressed_ = message.was_compressed();
  if (message.has_bytes()) {
    malformed_ = !type_.parse(slot_, message.bytes());
  } else {
    std::shared_ptr<std::byte[]> owner;
    malformed_ = !type_.parse(slot_, message.retain(owner).bytes());
  }
  return Poll::ready;
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

CancelScope* scope_of(const CallOptions& options, const Env& env) {
  if (options.is_detached()) return nullptr;
  return options.parent_call() != nullptr ? &for_layers(*options.parent_call()).scope : env.scope;
}

void apply(LayerCall& call, CallOptions& options, const Env& env) {
  Deadline deadline = options.deadline_at(env.loop->now());
  if (Call* above = options.parent_call() != nullptr ? options.parent_call() : env.call) {
    LayerCall& parent = for_layers(*above);
    call.facts.trace_high = parent.facts.trace_high;
    call.facts.trace_low = parent.facts.trace_low;
    call.facts.span = parent.facts.span;
    if (options.is_detached()) {
      call.set_identity(parent.nearest_identity());
    } else {
      call.parent = &parent;
      call.draining = parent.draining;
      deadline = deadline.earlier(parent.deadline());
    }
  }
  call.wait_for_ready = options.waits_for_ready();
  call.compression = options.chosen_compression();
  call.values = options.values();
  if (!options.request_metadata().empty()) call.request_metadata = options.take_request_metadata();
  call.set_deadline(deadline);
}

void give_response_metadata(const Call& call, const CallOptions& options) {
  if (options.response() == nullptr) return;
  options.response()->head = call.response_head;
  options.response()->trailers = call.response_trailers;
}

}  // namespace pintle::detail
