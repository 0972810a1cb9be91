#include <chrono>
#include <cstdint>
#include <utility>

#include "conformance_service.hpp"
#include "translate.hpp"

namespace conformance {

using pintle::Call;
using pintle::Reader;
using pintle::Result;
using pintle::Status;
using pintle::Task;
using pintle::Writer;
using RequestInfo = suite::ConformancePayload::RequestInfo;
using google::protobuf::Message;

namespace {

RequestInfo info_of(const Call& call, pintle::TimePoint now) {
  RequestInfo info;
  to_headers(call.request_metadata, *info.mutable_request_headers());
  if (!call.deadline().is_infinite()) {
    using std::chrono::milliseconds;
    info.set_timeout_ms(std::chrono::duration_cast<milliseconds>(call.deadline().remaining(now)).count());
  }
  return info;
}

template <class Definition>
void set_metadata(Call& call, const Definition& definition) {
  add_headers(definition.response_headers(), call.response_head);
  add_headers(definition.response_trailers(), call.response_trailers);
}

auto pause(std::uint32_t milliseconds) { return pintle::sleep_for(std::chrono::milliseconds(milliseconds)); }

Status error_with(const suite::Error& error, const Message& detail) {
  suite::Error detailed = error;
  detailed.add_details()->PackFrom(detail);
  return to_status(detailed);
}

// The one response of a call; a definition that is absent is an empty one.
Task<Status> answer(Call& call, const suite::UnaryResponseDefinition& definition, RequestInfo& info,
                    suite::ConformancePayload& payload) {
  set_metadata(call, definition);
  if (Status gone = co_await pause(definition.response_delay_ms()); !gone.ok()) co_return gone;
  if (definition.has_error()) co_return error_with(definition.error(), info);
  payload.set_data(definition.response_data());
  *payload.mutable_request_info() = std::move(info);
  co_return Status();
}

template <class Request>
Task<Status> answer_unary(Call& call, const Request& request, suite::ConformancePayload& payload) {
  RequestInfo info = info_of(call, (co_await pintle::current_env()).loop->now());
  info.add_requests()->PackFrom(request);
  co_return co_await answer(call, request.response_definition(), info, payload);
}

// The responses of a stream, one at a time.
template <class Response>
class Responses {
 public:
  Responses(const suite::StreamResponseDefinition& definition, Writer<Response>& writer)
      : definition_(definition), writer_(writer) {}

  bool left() const { return sent_ < definition_.response_data_size(); }

  // The next one. `info` goes with the first, and with the others where they have something to tell.
  Task<Status> send(RequestInfo& info) {
    if (Status gone = co_await pause(definition_.response_delay_ms()); !gone.ok()) co_return gone;
    Response response;
    response.mutable_payload()->set_data(definition_.response_data(sent_));
    if (sent_++ == 0 || !info.requests().empty()) *response.mutable_payload()->mutable_request_info() = std::move(info);
    info.Clear();
    co_return co_await writer_.write(response);
  }

  // All that are left, then the status.
  Task<Status> finish(RequestInfo& info) {
    while (left()) {
      if (Status gone = co_await send(info); !gone.ok()) co_return gone;
    }
    if (!definition_.has_error()) co_return Status();
    co_return sent_ == 0 ? error_with(definition_.error(), info) : to_status(definition_.error());
  }

 private:
  const suite::StreamResponseDefinition& definition_;
  Writer<Response>& writer_;
  int sent_ = 0;
};

}  // namespace

Task<Status> ConformanceService::UnaryInto(Call& call, const suite::UnaryRequest& request,
                                           suite::UnaryResponse& response) {
  co_return co_await answer_unary(call, request, *response.mutable_payload());
}

Task<Status> ConformanceService::IdempotentUnaryInto(Call& call, const suite::IdempotentUnaryRequest& request,
                                                     suite::IdempotentUnaryResponse& response) {
  co_return co_await answer_unary(call, request, *response.mutable_payload());
}

Task<Status> ConformanceService::ServerStream(Call& call, const suite::ServerStreamRequest& request,
                                              Writer<suite::ServerStreamResponse>& responses) {
  RequestInfo info = info_of(call, (co_await pintle::current_env()).loop->now());
  info.add_requests()->PackFrom(request);
  set_metadata(call, request.response_definition());
  if (request.has_response_definition()) call.send_head();
  co_return co_await Responses(request.response_definition(), responses).finish(info);
}

Task<Result<suite::ClientStreamResponse>> ConformanceService::ClientStream(
    Call& call, Reader<suite::ClientStreamRequest>& requests) {
  RequestInfo info = info_of(call, (co_await pintle::current_env()).loop->now());
  suite::UnaryResponseDefinition definition;
  for (;;) {
    auto request = co_await requests.read();
    if (!request) co_return std::unexpected(std::move(request).error());
    if (*request == nullptr) break;
    if (info.requests().empty()) definition = (*request)->response_definition();
    info.add_requests()->PackFrom(**request);
  }
  suite::ClientStreamResponse response;
  Status status = co_await answer(call, definition, info, *response.mutable_payload());
  if (!status.ok()) co_return std::unexpected(std::move(status));
  co_return response;
}

Task<Status> ConformanceService::BidiStream(Call& call, Reader<suite::BidiStreamRequest>& requests,
                                            Writer<suite::BidiStreamResponse>& responses) {
  RequestInfo info = info_of(call, (co_await pintle::current_env()).loop->now());
  // What the first request says holds for the whole stream.
  suite::StreamResponseDefinition definition;
  bool full_duplex = false;
  Responses answers(definition, responses);
  for (bool begun = false;; begun = true) {
    auto request = co_await requests.read();
    if (!request) co_return std::move(request).error();
    if (*request == nullptr) break;
    info.add_requests()->PackFrom(**request);
    if (!begun) {
      definition = (*request)->response_definition();
      full_duplex = (*request)->full_duplex();
      set_metadata(call, definition);
      if ((*request)->has_response_definition()) call.send_head();
    }
    if (!full_duplex) continue;
    if (!answers.left()) break;
    if (Status gone = co_await answers.send(info); !gone.ok()) co_return gone;
  }
  co_return co_await answers.finish(info);
}

}  // namespace conformance
