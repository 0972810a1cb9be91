#include <pintle/server/internal/server_call.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include <pintle/server/internal/loop_server.hpp>

namespace pintle::server {

namespace {
constexpr std::size_t kPooledMessage = 64 * 1024;  // what came out of more bytes is not kept: Clear() keeps the memory
}  // namespace

ServerCall::Ended::Ended(ServerCall& of)
    : CancelNode([](CancelNode* node) noexcept {
        ServerCall& self = static_cast<Ended*>(node)->call;
        self.end(self.call_.scope.status());
        self.dialect_.on_body();
        self.dialect_.on_writable();
        self.exchange_.give_up_turn();
      }),
      call(of) {}

ServerCall::ServerCall(LoopServer& loop_server, const Method& method)
    : loop_server_(loop_server),
      method_(method),
      call_(loop_server.loop(), method.info),
      dialect_(call_, exchange_, loop_server.grpc()),
      ended_(*this),
      pooled_(loop_server.memory()) {
  call_.exceptions = &loop_server;
  call_.load = &loop_server.load();
}

ServerCall::~ServerCall() {
  if (request_ != nullptr) method_.info.request->drop(request_);
  if (reply_ != nullptr) method_.info.response->drop(reply_);
}

transport::Exchange& ServerCall::accept(const std::shared_ptr<void>& state, const transport::Headers* fields,
                                        std::size_t chain) {
  chain_ = &method_.chains[chain];
  call_.reset(method_.info, loop_server_.scope());
  call_.source = &dialect_.source();
  call_.sink = &dialect_.sink();
  call_.slots.use(chain_->slots());
  call_.max_message = chain_->max_message();
  call_.draining = loop_server_.draining();
  if (method_.info.kind == Kind::unary && method_.info.response != nullptr) call_.reply = &reply_;

  call_.scope.act_for(state.get());
  if (connection_.get() != state.get()) connection_ = std::static_pointer_cast<ConnectionState>(state);
  RequestHead head = fields != nullptr ? dialect_.accept(*fields, &request_, connection_->last_credential)
                                       : dialect_.accept_too_large(&request_);
  call_.refusal = std::move(head.refusal);
  call_.verified = &connection_->verified;
  call_.credential_id = head.credential_id;
  if (method_.index == 0) {
    path_ = head.path;
    call_.facts.path = path_;
  }
  if (authority_ != head.authority) authority_ = head.authority;
  call_.facts.authority = authority_;
  call_.facts.peer = connection_->peer->address;
  call_.facts.tls = connection_->peer->tls.get();
  if (head.timeout) call_.set_deadline(Deadline::after(loop_server_.loop().now(), *head.timeout));
  return exchange_;
}

void ServerCall::on_start() {
  loop_server_.started();
  if (!ended_.linked()) call_.scope.add(ended_);
  const transport::Connection* connection = exchange_.connection();
  if (connection != nullptr && connection->is_greedy()) [[unlikely]]
    refuse_for_memory();
  if (call_.cancelled()) return complete(call_.scope.status());
  if (!call_.refusal.ok() && chain_->bare()) return complete(call_.refusal);
  std::optional<Root> frame;
  try {
    frame.emplace(run(this));
  } catch (const std::bad_alloc&) {
    return complete(Status(Code::resource_exhausted, "out of memory", Origin::library));
  }
  Loop& loop = loop_server_.loop();
  if (loop.watch() != nullptr) loop.watch()->runs(&call_);
  frame->start({&loop, &call_.scope, &call_});
  if (loop.watch() != nullptr) loop.watch()->rests();  // the call may be over, and another's
}

void ServerCall::refuse_for_memory() {
  if (call_.refusal.ok())
    call_.refusal = Status(
        Code::resource_exhausted,
        "the server's memory budget is nearly used up, and this connection holds more than its share", Origin::library);
}

// A deadline counts from the arrival: one that passes before the handler's turn is answered then.
void ServerCall::on_wait() { call_.scope.add(ended_); }

void ServerCall::on_reset(transport::ErrorCode, transport::Initiator by) {
  if (by == transport::Initiator::peer)
    call_.scope.cancel(Status(Code::cancelled, "the client cancelled the call", Origin::peer), CancelCause::peer_reset);
  else
    call_.scope.cancel(Status(Code::cancelled, "the connection was lost", Origin::library),
                       CancelCause::connection_lost);
}

std::size_t ServerCall::on_shed() {
  call_.scope.cancel(Status(Code::resource_exhausted,
                            "the server's memory budget is used up, and the call had waited longest", Origin::library),
                     CancelCause::overload);
  return dialect_.lent();
}

Root ServerCall::run(ServerCall* self) {
  Status status;
  try {
    status = co_await self->chain_->top()(self->call_);
  } catch (...) {
    status = self->call_.status_of(std::current_exception());
  }
  self->complete(status);
}

void ServerCall::end(const Status& status) noexcept {
  if (call_.ended()) return;
  try {
    dialect_.end(status);
  } catch (...) {  // out of memory, with the response half written
    if (transport::Connection* connection = exchange_.connection()) connection->give_up();
  }
  call_.set_ended(status);
}

// An object takes about what it was parsed from; buffers say what they take.
void ServerCall::count_pooled() {
  if (!pooled_.counts()) return;
  request_size_ = request_ != nullptr ? std::max(request_size_, dialect_.largest_request()) : 0;
  reply_size_ = reply_ != nullptr ? std::max(reply_size_, dialect_.largest_response()) : 0;
  pooled_.set(request_size_ + reply_size_ + dialect_.kept_memory() + exchange_.kept_memory());
}

void ServerCall::complete(const Status& status) noexcept {
  end(call_.cancelled() ? call_.scope.status() : status);
  const bool succeeded = call_.outcome(Status()).ok();
  ended_.unlink();
  call_.finish();
  dialect_.finish();
  if (dialect_.largest_request() > kPooledMessage && request_ != nullptr)
    method_.info.request->drop(std::exchange(request_, nullptr));
  if (dialect_.largest_response() > kPooledMessage && reply_ != nullptr)
    method_.info.response->drop(std::exchange(reply_, nullptr));
  exchange_.finish(call_.deadline());
  count_pooled();
  loop_server_.recycle(*this, succeeded);
}

}  // namespace pintle::server
