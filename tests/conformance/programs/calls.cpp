#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <connectrpc/conformance/v1/service.pintle.hpp>
#include <fmt/core.h>

#include "calls.hpp"
#include "translate.hpp"

namespace conformance {

using pintle::CallOptions;
using pintle::CancelScope;
using pintle::Code;
using pintle::Result;
using pintle::Status;
using pintle::Task;
using Stub = suite::ConformanceService::Stub;
using Wanted = suite::ClientCompatRequest;
using Seen = suite::ClientResponseResult;

namespace {

// When the call is to be cancelled. Without a timing that is right after the last request.
struct CancelPlan {
  explicit CancelPlan(const Wanted& wanted) {
    if (!wanted.has_cancel()) return;
    switch (wanted.cancel().cancel_timing_case()) {
      case Wanted::Cancel::kBeforeCloseSend:
        before_close = true;
        break;
      case Wanted::Cancel::kAfterNumResponses:
        after_responses = static_cast<int>(wanted.cancel().after_num_responses());
        break;
      default:
        after_close = std::chrono::milliseconds(wanted.cancel().after_close_send_ms());
    }
  }
  bool before_close = false;
  std::optional<pintle::Duration> after_close;
  int after_responses = -1;
};

// Cancels a call at its time.
class CancelTimer : pintle::Timer {
 public:
  CancelTimer() : Timer([](Timer* timer) noexcept { static_cast<CancelTimer*>(timer)->cancel_(); }) {}
  void start(pintle::Loop& loop, pintle::Duration after, std::function<void()> cancel) {
    cancel_ = std::move(cancel);
    loop.arm(*this, loop.now() + after);
  }

 private:
  std::function<void()> cancel_;
};

CallOptions options_of(const Wanted& wanted) {
  pintle::Metadata metadata;
  add_headers(wanted.request_headers(), metadata);
  CallOptions options;
  for (const auto [key, value] : metadata) options.metadata(key, value);
  if (wanted.compression() == suite::COMPRESSION_GZIP) options.compression(pintle::wire::Encoding::gzip);
  if (wanted.has_timeout_ms()) options.timeout(std::chrono::milliseconds(wanted.timeout_ms()));
  return options;
}

template <class Request>
Request message_of(const google::protobuf::Any& any) {
  Request request;
  if (!any.UnpackTo(&request)) throw std::invalid_argument(fmt::format("{} is not the method's", any.type_url()));
  return request;
}

template <class Request>
Request only_message_of(const Wanted& wanted) {
  if (wanted.request_messages_size() != 1) throw std::invalid_argument("the method takes exactly one request");
  return message_of<Request>(wanted.request_messages(0));
}

void see(const Status& status, Seen& seen) {
  if (!status.ok()) *seen.mutable_error() = to_error(status);
}
template <class Response>
void see(const Result<Response>& response, Seen& seen) {
  if (!response)
    see(response.error(), seen);
  else if constexpr (requires { response->payload(); })
    *seen.add_payloads() = response->payload();
}
void see_metadata(const pintle::Metadata& head, const pintle::Metadata& trailers, Seen& seen) {
  to_headers(head, *seen.mutable_response_headers());
  to_headers(trailers, *seen.mutable_response_trailers());
}

[[clang::coro_wrapper]] auto start(const Stub& stub, const suite::UnaryRequest& request, CallOptions options) {
  return stub.Unary(request, std::move(options));
}
[[clang::coro_wrapper]] auto start(const Stub& stub, const suite::UnimplementedRequest& request, CallOptions options) {
  return stub.Unimplemented(request, std::move(options));
}

template <class Request>
Task<> unary(const Stub& stub, const Wanted& wanted, Seen& seen) {
  const pintle::Env env = co_await pintle::current_env();
  const CancelPlan plan(wanted);
  const auto request = only_message_of<Request>(wanted);
  CancelScope scope(env.scope);
  CancelTimer timer;
  if (plan.after_close) timer.start(*env.loop, *plan.after_close, [&] { scope.cancel(Status(Code::cancelled)); });
  pintle::ResponseMetadata metadata;
  auto call = start(stub, request, options_of(wanted).response_metadata(metadata));
  const auto response = co_await std::move(call).in({env.loop, &scope, env.call});
  see(response, seen);
  see_metadata(metadata.head, metadata.trailers, seen);
}

// Writes request number `i` when its time has come. False: the call is over.
template <class Request, class Stream>
Task<bool> write_one(Stream& stream, const Wanted& wanted, int i, Seen& seen) {
  const auto request = message_of<Request>(wanted.request_messages(i));
  (void)co_await pintle::sleep_for(std::chrono::milliseconds(wanted.request_delay_ms()));
  const Status gone = co_await stream.write(request);
  if (!gone.ok()) seen.set_num_unsent_requests(wanted.request_messages_size() - i);
  co_return gone.ok();
}

// Sees one response. False: the call is over.
template <class Stream>
Task<bool> read_one(Stream& stream, const CancelPlan& plan, Seen& seen) {
  const auto response = co_await stream.read();
  if (!response) see(response.error(), seen);
  if (!response || *response == nullptr) co_return false;
  *seen.add_payloads() = (*response)->payload();
  if (seen.payloads_size() == plan.after_responses) stream.cancel();
  co_return true;
}

Task<> server_stream(const Stub& stub, const Wanted& wanted, Seen& seen) {
  const CancelPlan plan(wanted);
  const auto request = only_message_of<suite::ServerStreamRequest>(wanted);
  auto stream = co_await stub.ServerStream(request, options_of(wanted));
  CancelTimer timer;
  if (plan.after_close)
    timer.start(*(co_await pintle::current_env()).loop, *plan.after_close, [&] { stream.cancel(); });
  while (co_await read_one(stream, plan, seen)) {
  }
  see_metadata(stream.call().response_head, stream.call().response_trailers, seen);
}

Task<> client_stream(const Stub& stub, const Wanted& wanted, Seen& seen) {
  const CancelPlan plan(wanted);
  auto stream = co_await stub.ClientStream(options_of(wanted));
  for (int i = 0; i < wanted.request_messages_size(); ++i) {
    if (!co_await write_one<suite::ClientStreamRequest>(stream, wanted, i, seen)) break;
  }
  CancelTimer timer;
  if (plan.before_close) stream.cancel();
  if (plan.after_close)
    timer.start(*(co_await pintle::current_env()).loop, *plan.after_close, [&] { stream.cancel(); });
  const auto response = co_await stream.finish();
  see(response, seen);
  see_metadata(stream.call().response_head, stream.call().response_trailers, seen);
}

Task<> bidi_stream(const Stub& stub, const Wanted& wanted, Seen& seen) {
  const CancelPlan plan(wanted);
  const bool full_duplex = wanted.stream_type() == suite::STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM;
  auto stream = co_await stub.BidiStream(options_of(wanted));
  bool reading = true;
  for (int i = 0; reading && i < wanted.request_messages_size(); ++i) {
    if (!co_await write_one<suite::BidiStreamRequest>(stream, wanted, i, seen)) break;
    if (full_duplex) reading = co_await read_one(stream, plan, seen);
  }
  CancelTimer timer;
  if (plan.before_close)
    stream.cancel();
  else
    stream.close_writing();
  if (plan.after_close)
    timer.start(*(co_await pintle::current_env()).loop, *plan.after_close, [&] { stream.cancel(); });
  while (reading) reading = co_await read_one(stream, plan, seen);
  see_metadata(stream.call().response_head, stream.call().response_trailers, seen);
}

Task<> dispatch(const Stub& stub, const Wanted& wanted, Seen& seen) {
  const std::string& method = wanted.method();
  if (method == "Unary") {
    co_await unary<suite::UnaryRequest>(stub, wanted, seen);
  } else if (method == "Unimplemented") {
    co_await unary<suite::UnimplementedRequest>(stub, wanted, seen);
  } else if (method == "ServerStream") {
    co_await server_stream(stub, wanted, seen);
  } else if (method == "ClientStream") {
    co_await client_stream(stub, wanted, seen);
  } else if (method == "BidiStream") {
    co_await bidi_stream(stub, wanted, seen);
  } else {
    throw std::invalid_argument(fmt::format("there is no method {}", method));
  }
}

}  // namespace

Task<suite::ClientCompatResponse> make_call(const std::shared_ptr<pintle::Channel>& channel, const Wanted& wanted) {
  suite::ClientCompatResponse response;
  response.set_test_name(wanted.test_name());
  try {
    if (wanted.service() != suite::ConformanceService::kName)
      throw std::invalid_argument(fmt::format("there is no service {}", wanted.service()));
    co_await dispatch(Stub(channel), wanted, *response.mutable_response());
  } catch (const std::exception& e) {
    response.mutable_error()->set_message(e.what());
  }
  co_return response;
}

}  // namespace conformance
