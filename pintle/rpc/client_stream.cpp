#include <pintle/rpc/client_stream.hpp>

#include <pintle/rpc/client_calls.hpp>

namespace pintle::detail {

namespace {
constexpr std::size_t kPipeMark = 64 * 1024;
}

StreamingCall::StreamingCall(Loop& loop, const MethodInfo& method, CallOptions o, CancelScope* above,
                             MemoryAccount* memory)
    : caller(above),
      up(method.request, kPipeMark, memory),
      down(method.response, kPipeMark, memory),
      options(std::move(o)),
      call(loop, method, up.source(), down.sink(), above),
      link(options.cancel_token(), call.scope, loop) {}

std::shared_ptr<StreamingCall> StreamingCall::open(Handler& chain, const MethodInfo& method, const Message* request,
                                                   CallOptions options, const Env& env,
                                                   std::shared_ptr<Channel> channel) {
  CancelScope* above = scope_of(options, env);
  auto self = std::make_shared<StreamingCall>(*env.loop, method, std::move(options), above,
                                              channel != nullptr ? channel->memory(*env.loop) : nullptr);
  self->channel = std::move(channel);
  apply(self->call, self->options, env);
  if (request != nullptr) {
    self->up.sink().push(*request);
    self->up.close();
  }
  run(self, chain).start({env.loop, &self->call.scope, &self->call});
  return self;
}

Root StreamingCall::run(std::shared_ptr<StreamingCall> self, Handler& chain) {
  Status status;
  try {
    status = co_await chain(self->call);
  } catch (...) {
    status = self->call.status_of(std::current_exception());
  }
  if (!self->abandoned_) give_response_metadata(self->call, self->options);
  self->status = std::move(status);
  self->done = true;
  self->up.abandon();
  if (self->call.scope.cause() == CancelCause::overload) self->down.discard();  // nobody read it
  self->down.close();
  if (self->finisher_ != nullptr) std::exchange(self->finisher_, nullptr)->wake();
}

void StreamingCall::abandon() {
  if (!done) {
    abandoned_ = true;
    up.abandon();
    down.abandon();
    call.parent = nullptr;  // may end before the chain has
    call.scope.cancel(Status(Code::cancelled, "the caller let go of the stream"), CancelCause::caller);
  }
  caller.release();
  call.scope.release();
}

}  // namespace pintle::detail
