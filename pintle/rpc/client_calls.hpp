// The four shapes of a call, as generated stubs make them.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <pintle/async/cancel_token.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/begun_call.hpp>
#include <pintle/rpc/call_options.hpp>
#include <pintle/rpc/client_stream.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/reader_writer.hpp>

namespace pintle {

namespace detail {

// Gives one message, then the end.
class OneMessage final : public Source {
 public:
  OneMessage(const void* object, const TypeInfo& type) : message_(object, type) { message_.set_last(); }
  Poll poll(Message*& message) override {
    if (std::exchange(given_, true)) return Poll::end;
    message = &message_;
    return Poll::ready;
  }
  void arm(Waiter*) noexcept override {}
  Message& message() { return message_; }

 private:
  Message message_;
  bool given_ = false;
};

// Parses the one response into an object that somebody else owns.
class OneResponse final : public Sink {
 public:
  OneResponse(void* into, const TypeInfo& type) : slot_(into), type_(type) {}
  void head(const Metadata&) override {}
  Poll push(const Message& message) override;
  Poll room() noexcept override { return Poll::ready; }
  void arm(Waiter*) noexcept override {}
  // OK when exactly one message came and it could be parsed.
  Status outcome() const { return count_ == 1 && !malformed_ ? Status() : failure(); }
  bool was_compressed() const { return was_compressed_; }

 private:
  Status failure() const;

  void* slot_;
  const TypeInfo& type_;
  int count_ = 0;
  bool malformed_ = false, was_compressed_ = false;
};

void give_response_metadata(const Call& call, const CallOptions& options);

// What the chain makes of `call`, whose one request is `request`, an object that was measured as large.
Task<Status> call_with_large(Handler& chain, LayerCall& call, Message& request);

}  // namespace detail

namespace codegen {

// A unary call. `request` must live until the task is done; the call holds `channel`, whose the chain is.
template <class Request, class Response>
Task<Result<Response>> unary_call([[maybe_unused]] std::shared_ptr<Channel> channel, Handler& chain,
                                  const MethodInfo& method, const Request& request, CallOptions options) {
  auto [env, result] = co_await pintle::detail::result_slot<Result<Response>>();
  Result<Response>& response = result.emplace();
  pintle::detail::OneMessage source(&request, type_of<Request>);
  pintle::detail::OneResponse sink(&*response, type_of<Response>);
  LayerCall call(*env.loop, method, source, sink, pintle::detail::scope_of(options, env));
  pintle::detail::apply(call, options, env);
  const CancelLink link(options.cancel_token(), call.scope, *env.loop);
  Status status;
  try {
    if (source.message().measure() > kLargeMessage) [[unlikely]] {
      status = co_await pintle::detail::call_with_large(chain, call, source.message());
    } else if (const auto begun = chain.begin(call, source.message())) {
      do {  // nothing can have come yet
        co_await pintle::detail::Arrival(begun->responses(), call.scope);
      } while (!begun->step(status));
    } else {
      status = co_await chain(call).in({env.loop, &call.scope, &call});
    }
  } catch (...) {
    status = call.status_of(std::current_exception());
  }
  if (options.response() != nullptr) {
    pintle::detail::give_response_metadata(call, options);
    options.response()->compressed = sink.was_compressed();
  }
  if (status.ok()) status = sink.outcome();
  if (!status.ok()) response = std::unexpected(std::move(status));
  co_return pintle::detail::InSlot();
}

// The same with a request that the task owns.
template <class Request, class Response>
Task<Result<Response>> unary_call_owning(std::shared_ptr<Channel> channel, Handler& chain, const MethodInfo& method,
                                         Request request, CallOptions options) {
  co_return co_await unary_call<Request, Response>(std::move(channel), chain, method, request, std::move(options));
}

}  // namespace codegen
}  // namespace pintle
