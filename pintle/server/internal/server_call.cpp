#include <pintle/server/internal/server_call.hpp>

#include <utility>

#include <pintle/server/internal/loop_server.hpp>
#include <pintle/wire/status_map.hpp>

namespace pintle::server {

namespace {
constexpr std::size_t kPooledMessage = 64 * 1024;  // what came out of more bytes is not kept: Clear() keeps the memory
}

ServerCall::Ended::Ended(ServerCall& of)
    : CancelNode([](CancelNode* node) noexcept {
        ServerCall& self = static_cast<Ended*>(node)->call;
        self.respond(self.call_.scope.status());
        self.source_.changed();
        self.sink_.changed();
      }),
      call(of) {}

ServerCall::ServerCall(LoopServer& home, const Method& method)
    : home_(home),
      method_(method),
      call_(method.info, source_, sink_, nullptr),
      source_(exchange_, call_.scope),
      sink_(*this),
      ended_(*this) {}

ServerCall::~ServerCall() {
  if (request_ != nullptr) method_.info.request->drop(request_);
  if (reply_ != nullptr) method_.info.response->drop(reply_);
}

transport::Exchange& ServerCall::accept(const std::shared_ptr<const transport::Peer>& peer,
                                        const transport::Headers& fields) {
  call_.reset(method_.info, home_.scope());
  call_.requests = &source_;
  call_.responses = &sink_;
  call_.draining = home_.draining();
  if (method_.info.kind == Kind::unary && method_.info.response != nullptr) call_.reply = &reply_;
  source_.reset(method_.info.request, &request_, home_.options().max_receive_message);
  sink_.reset();
  head_sent_ = responded_ = false;

  GrpcRequest request = read_grpc_request(fields, call_.request);
  http_error_ = request.http_error;
  refusal_ = std::move(request.refusal);
  form_ = request.form;
  accepts_ = request.accepts;
  if (request.encoding != wire::Encoding::identity) source_.decompress_with(request.encoding, home_.codec());
  if (method_.index != 0) {
    call_.facts.path = method_.info.path;
  } else {
    path_ = request.path;
    call_.facts.path = path_;
  }
  if (authority_ != request.authority) authority_ = request.authority;
  if (peer_ != peer) peer_ = peer;
  call_.facts.authority = authority_;
  call_.facts.peer = peer_->address;
  call_.facts.tls = peer_->tls.get();
  if (request.timeout) call_.deadline = Deadline::after(home_.loop().now(), *request.timeout);
  return exchange_;
}

void ServerCall::on_start() {
  if (http_error_ != 0) {
    home_.responder().http_error(exchange_, http_error_);
    responded_ = true;
    return complete(Status());
  }
  if (!refusal_.ok()) return complete(refusal_);
  call_.scope.add(ended_);
  if (call_.cancelled()) return complete(call_.scope.status());
  call_.enforce_deadline(home_.loop());
  if (call_.cancelled()) return complete(call_.scope.status());
  run(this).start({&home_.loop(), &call_.scope, &call_});
}

void ServerCall::on_reset(transport::ErrorCode, transport::Initiator by) {
  responded_ = true;
  if (by == transport::Initiator::peer)
    call_.scope.cancel(Status(Code::cancelled, "the client cancelled the call", Origin::peer), CancelCause::peer_reset);
  else
    call_.scope.cancel(Status(Code::cancelled, "the connection was lost", Origin::library),
                       CancelCause::connection_lost);
}

Root ServerCall::run(ServerCall* self) {
  Status status;
  try {
    status = co_await self->method_.chain.top()(self->call_);
  } catch (...) {
    status = self->failed();
  }
  self->complete(status);
}

// Its text stays in the log: it may hold what a client must not see.
Status ServerCall::failed() noexcept {
  const std::uint64_t id = home_.next_error_id();
  std::string what;
  try {
    throw;
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "not a std::exception";
  }
  home_.options().log.error(
      "a handler threw", {{"grpc.method", call_.facts.path}, {"exception", std::string_view(what)}, {"error_id", id}});
  return Status(Code::unknown, fmt::format("the handler failed; the server's log has it as error {}", id),
                Origin::library);
}

void ServerCall::ResponseSink::head(const Metadata& metadata) {
  if (std::exchange(call_.head_sent_, true) || call_.responded_) return;
  call_.call_.facts.committed = true;
  if (call_.accepts_ != wire::EncodingSet()) {
    const wire::Encoding wanted = call_.call_.compression.value_or(call_.home_.options().compression);
    if (wanted != wire::Encoding::identity && call_.accepts_.has(wanted)) [[unlikely]] {
      call_.form_.set_encoding(wanted);
      compress_with(wanted, call_.home_.codec());
    }
  }
  call_.home_.responder().head(call_.exchange_, call_.form_, metadata);
}

void ServerCall::respond(const Status& status) {
  if (responded_) return;
  if (!call_.head.empty()) sink_.head(call_.head);  // else Trailers-Only, which has no room for them
  responded_ = true;
  home_.responder().status(exchange_, head_sent_, form_, status, call_.trailers);
}

void ServerCall::complete(const Status& status) {
  respond(call_.cancelled() ? call_.scope.status() : status);
  ended_.unlink();
  call_.finish();
  source_.finish();
  if (source_.largest() > kPooledMessage && request_ != nullptr)
    method_.info.request->drop(std::exchange(request_, nullptr));
  if (sink_.largest() > kPooledMessage && reply_ != nullptr)
    method_.info.response->drop(std::exchange(reply_, nullptr));
  exchange_.finish();
  home_.recycle(*this);
}

}  // namespace pintle::server
