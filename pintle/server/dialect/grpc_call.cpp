#include <pintle/server/dialect/grpc_call.hpp>

#include <algorithm>
#include <utility>

#include <pintle/wire/status_map.hpp>

namespace pintle::server {

namespace {
constexpr int kTooLarge = 431;  // Request Header Fields Too Large (RFC 6585 section 5)
}

inline void GrpcCall::reset(void** slot) {
  source_.reset(call_.method().request, slot, std::min(shared_.max_receive_message, call_.max_message));
  sink_.reset();
  head_sent_ = false;
}

RequestHead GrpcCall::accept_too_large(void** slot) {
  reset(slot);
  http_error_ = kTooLarge;
  RequestHead head;
  head.refusal = Status(wire::code_from_http_status(kTooLarge),
                        "the request's header list is above the limit (HTTP status 431)", Origin::library);
  return head;
}

RequestHead GrpcCall::accept(const transport::Headers& fields, void** slot, std::uint64_t& last_credential) {
  reset(slot);
  RequestHead head;
  const GrpcRequest request = read_grpc_request(fields, head, call_.request_metadata);
  http_error_ = request.http_error;
  form_ = request.form;
  accepts_ = request.accepts;
  if (request.encoding != wire::Encoding::identity) source_.decompress_with(request.encoding, shared_.codec());
  if (request.credential_note != nullptr) {
    if (request.credential_note->value == 0) request.credential_note->value = ++last_credential;
    head.credential_id = request.credential_note->value;
  }
  return head;
}

wire::Encoding GrpcCall::coding() const {
  const wire::Encoding wanted = call_.compression.value_or(shared_.compression);
  return accepts_.has(wanted) ? wanted : wire::Encoding::identity;
}

void GrpcCall::send_head(const Metadata& metadata) {
  if (std::exchange(head_sent_, true) || call_.ended()) return;
  call_.facts.committed = true;
  if (accepts_ != wire::EncodingSet()) {
    if (const wire::Encoding chosen = coding(); chosen != wire::Encoding::identity) [[unlikely]] {
      form_.set_encoding(chosen);
      sink_.compress_with(chosen, shared_.codec());
    }
  }
  shared_.responder.head(exchange_, form_, metadata);
}

void GrpcCall::end(const Status& status) {
  if (http_error_ != 0) return shared_.responder.http_error(exchange_, http_error_);
  if (!call_.response_head.empty()) send_head(call_.response_head);  // else Trailers-Only, which has no room for them
  shared_.responder.status(exchange_, head_sent_, form_, status, call_.response_trailers);
}

}  // namespace pintle::server
