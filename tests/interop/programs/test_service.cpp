#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "test_data.hpp"
#include "test_service.hpp"

namespace interop {

using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;
using pintle::Call;
using pintle::Reader;
using pintle::Result;
using pintle::Status;
using pintle::Task;
using pintle::Writer;
using pintle::wire::Encoding;

namespace {

void echo_metadata(Call& call) {
  if (auto value = call.request_metadata.get(kEchoInitial)) call.response_head.add(kEchoInitial, *value);
  if (auto value = call.request_metadata.get(kEchoTrailing)) call.response_trailers.add(kEchoTrailing, *value);
}

// The status that the client wants to see; OK when it asks for none.
template <class Request>
Status wanted_status(const Request& request) {
  const auto& wanted = request.response_status();
  if (wanted.code() == 0) return {};
  return Status(pintle::code_from_number(static_cast<std::uint32_t>(wanted.code())), wanted.message());
}

Status check_size(std::int32_t size) {
  if (size < 0) return pintle::invalid_argument("a response can't have {} bytes", size);
  return {};
}

// A client that says that it compressed the message is told when it did not.
template <class Request>
Status check_compression(const Call& call, const Request& request) {
  if (request.expect_compressed().value() && !call.read_compressed())
    return pintle::invalid_argument("the request should have come compressed, and did not");
  return {};
}

// The head of a stream names a coding before its requests say which responses are to use it.
void may_compress(Call& call) { call.compression = Encoding::gzip; }

Task<Status> respond(const StreamingOutputCallRequest& request, Writer<StreamingOutputCallResponse>& responses) {
  StreamingOutputCallResponse response;
  for (const auto& parameters : request.response_parameters()) {
    if (Status bad = check_size(parameters.size()); !bad.ok()) co_return bad;
    if (parameters.interval_us() > 0) {
      Status gone = co_await pintle::sleep_for(std::chrono::microseconds(parameters.interval_us()));
      if (!gone.ok()) co_return gone;
    }
    fill(*response.mutable_payload(), static_cast<std::size_t>(parameters.size()));
    pintle::WriteOptions options;
    if (!parameters.compressed().value()) options.no_compression();
    if (Status gone = co_await responses.write(response, options); !gone.ok()) co_return gone;
  }
  co_return Status();
}

}  // namespace

Task<Result<grpc::testing::Empty>> TestService::EmptyCall(Call& call, const grpc::testing::Empty&) {
  echo_metadata(call);
  co_return grpc::testing::Empty();
}

Task<Status> TestService::UnaryCallInto(Call& call, const SimpleRequest& request, SimpleResponse& response) {
  echo_metadata(call);
  if (Status bad = check_compression(call, request); !bad.ok()) co_return bad;
  if (request.response_compressed().value()) call.compression = Encoding::gzip;
  if (Status wanted = wanted_status(request); !wanted.ok()) co_return wanted;
  if (Status bad = check_size(request.response_size()); !bad.ok()) co_return bad;
  fill(*response.mutable_payload(), static_cast<std::size_t>(request.response_size()));
  co_return Status();
}

Task<Status> TestService::CacheableUnaryCallInto(Call& call, const SimpleRequest& request, SimpleResponse& response) {
  co_return co_await UnaryCallInto(call, request, response);
}

Task<Status> TestService::StreamingOutputCall(Call& call, const StreamingOutputCallRequest& request,
                                              Writer<StreamingOutputCallResponse>& responses) {
  echo_metadata(call);
  may_compress(call);
  if (Status wanted = wanted_status(request); !wanted.ok()) co_return wanted;
  co_return co_await respond(request, responses);
}

Task<Result<StreamingInputCallResponse>> TestService::StreamingInputCall(Call& call,
                                                                         Reader<StreamingInputCallRequest>& requests) {
  echo_metadata(call);
  std::size_t sum = 0;
  for (;;) {
    auto request = co_await requests.read();
    if (!request) co_return std::unexpected(std::move(request).error());
    if (*request == nullptr) break;
    if (Status bad = check_compression(call, **request); !bad.ok()) co_return std::unexpected(std::move(bad));
    sum += (*request)->payload().body().size();
  }
  StreamingInputCallResponse response;
  response.set_aggregated_payload_size(static_cast<std::int32_t>(sum));
  co_return response;
}

Task<Status> TestService::FullDuplexCall(Call& call, Reader<StreamingOutputCallRequest>& requests,
                                         Writer<StreamingOutputCallResponse>& responses) {
  echo_metadata(call);
  may_compress(call);
  for (;;) {
    auto request = co_await requests.read();
    if (!request) co_return std::move(request).error();
    if (*request == nullptr) co_return Status();
    if (Status wanted = wanted_status(**request); !wanted.ok()) co_return wanted;
    if (Status gone = co_await respond(**request, responses); !gone.ok()) co_return gone;
  }
}

Task<Status> TestService::HalfDuplexCall(Call& call, Reader<StreamingOutputCallRequest>& requests,
                                         Writer<StreamingOutputCallResponse>& responses) {
  echo_metadata(call);
  may_compress(call);
  std::vector<StreamingOutputCallRequest> gathered;
  for (;;) {
    auto request = co_await requests.read();
    if (!request) co_return std::move(request).error();
    if (*request == nullptr) break;
    gathered.push_back(**request);
  }
  for (const auto& request : gathered) {
    if (Status wanted = wanted_status(request); !wanted.ok()) co_return wanted;
    if (Status gone = co_await respond(request, responses); !gone.ok()) co_return gone;
  }
  co_return Status();
}

}  // namespace interop
