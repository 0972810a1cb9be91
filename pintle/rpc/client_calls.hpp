// The four shapes of a call, as generated stubs make them.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <pintle/async/cancel_token.hpp>
#include <pintle/rpc/call.hpp>
#include <pintle/rpc/call_options.hpp>
#include <pintle/rpc/client_stream.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/reader_writer.hpp>

namespace pintle {

namespace detail {

// Gives one message, then the end.
class OneMessage final : public Source {
 public:
  explicit OneMessage(Message message) : message_(message) {}
  Poll poll(Message*& message) override {
    if (std::exchange(given_, true)) return Poll::end;
    message = &message_;
    return Poll::ready;
  }
  void arm(Waiter*) override {}

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
  Poll room() override { return Poll::ready; }
  void arm(Waiter*) override {}
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

}  // namespace detail

namespace codegen {

// A unary call. `request` must live until the task is done.
template <class Request, class Response>
Task<Result<Response>> unary_call(Handler& chain, const MethodInfo& method, const Request& request,
                                  CallOptions options) {
  const Env env = co_await current_env();
  std::optional<Result<Response>>& result = co_await pintle::detail::result_slot<Result<Response>>();
  Result<Response>& response = result.emplace();
  pintle::detail::OneMessage source(Message(&request, type_of<Request>));
  pintle::detail::OneResponse sink(&*response, type_of<Response>);
  Call call(method, source, sink, pintle::detail::scope_of(options, env));
  pintle::detail::apply(call, options, env);
  const CancelLink link(options.cancel_token(), call.scope, *env.loop);
  Status status = co_await chain(call).in({env.loop, &call.scope, &call});
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
Task<Result<Response>> unary_call_owning(Handler& chain, const MethodInfo& method, Request request,
                                         CallOptions options) {
  co_return co_await unary_call<Request, Response>(chain, method, request, std::move(options));
}

}  // namespace codegen
}  // namespace pintle
