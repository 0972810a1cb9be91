// grpc_cpp_interop_server --port N [--use_tls --tls_cert_file F --tls_key_file F]: serves grpc.testing.TestService with
// gRPC C++. SIGTERM and SIGINT end it.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "common.hpp"

namespace {

using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::testing::Empty;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

using Duplex = grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>;

std::string text(grpc::string_ref ref) { return {ref.data(), ref.size()}; }

void echo_metadata(ServerContext& context) {
  for (const auto& [key, value] : context.client_metadata()) {
    if (key == peer::kEchoInitial) context.AddInitialMetadata(text(key), text(value));
    if (key == peer::kEchoTrailing) context.AddTrailingMetadata(text(key), text(value));
  }
}

template <class Request>
Status wanted_status(const Request& request) {
  return {static_cast<StatusCode>(request.response_status().code()), request.response_status().message()};
}

// The request says how it should have come.
template <class Request>
Status check_compression(ServerContext& context, const Request& request) {
  if (!request.has_expect_compressed()) return Status::OK;
  const bool compressed = peer::came_compressed(context.c_call());
  if (compressed == request.expect_compressed().value()) return Status::OK;
  return {StatusCode::INVALID_ARGUMENT, fmt::format("the request came {}compressed", compressed ? "" : "un")};
}

template <class Stream>
bool respond(Stream& stream, const StreamingOutputCallRequest& request) {
  StreamingOutputCallResponse response;
  for (const auto& parameters : request.response_parameters()) {
    std::this_thread::sleep_for(std::chrono::microseconds(parameters.interval_us()));
    peer::fill(*response.mutable_payload(), static_cast<std::size_t>(parameters.size()));
    grpc::WriteOptions options;
    if (!parameters.compressed().value()) options.set_no_compression();
    if (!stream.Write(response, options)) return false;
  }
  return true;
}

class TestService final : public grpc::testing::TestService::Service {
 public:
  Status EmptyCall(ServerContext* context, const Empty*, Empty*) override {
    echo_metadata(*context);
    return Status::OK;
  }

  Status UnaryCall(ServerContext* context, const SimpleRequest* request, SimpleResponse* response) override {
    echo_metadata(*context);
    if (Status bad = check_compression(*context, *request); !bad.ok()) return bad;
    if (Status wanted = wanted_status(*request); !wanted.ok()) return wanted;
    context->set_compression_algorithm(request->response_compressed().value() ? GRPC_COMPRESS_GZIP
                                                                              : GRPC_COMPRESS_NONE);
    peer::fill(*response->mutable_payload(), static_cast<std::size_t>(request->response_size()));
    return Status::OK;
  }

  Status CacheableUnaryCall(ServerContext* context, const SimpleRequest* request, SimpleResponse* response) override {
    return UnaryCall(context, request, response);
  }

  Status StreamingOutputCall(ServerContext* context, const StreamingOutputCallRequest* request,
                             grpc::ServerWriter<StreamingOutputCallResponse>* responses) override {
    echo_metadata(*context);
    if (Status wanted = wanted_status(*request); !wanted.ok()) return wanted;
    for (const auto& parameters : request->response_parameters())
      if (parameters.compressed().value()) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    return respond(*responses, *request) ? Status::OK : Status::CANCELLED;
  }

  Status StreamingInputCall(ServerContext* context, grpc::ServerReader<StreamingInputCallRequest>* requests,
                            StreamingInputCallResponse* response) override {
    echo_metadata(*context);
    StreamingInputCallRequest request;
    std::size_t sum = 0;
    while (requests->Read(&request)) {
      if (Status bad = check_compression(*context, request); !bad.ok()) return bad;
      sum += request.payload().body().size();
    }
    response->set_aggregated_payload_size(static_cast<std::int32_t>(sum));
    return Status::OK;
  }

  Status FullDuplexCall(ServerContext* context, Duplex* stream) override {
    echo_metadata(*context);
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) {
      if (Status wanted = wanted_status(request); !wanted.ok()) return wanted;
      if (!respond(*stream, request)) return Status::CANCELLED;
    }
    return Status::OK;
  }

  Status HalfDuplexCall(ServerContext* context, Duplex* stream) override {
    echo_metadata(*context);
    std::vector<StreamingOutputCallRequest> requests;
    StreamingOutputCallRequest next;
    while (stream->Read(&next)) requests.push_back(next);
    for (const auto& request : requests) {
      if (Status wanted = wanted_status(request); !wanted.ok()) return wanted;
      if (!respond(*stream, request)) return Status::CANCELLED;
    }
    return Status::OK;
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Serves gRPC's interoperability cases with gRPC C++");
  std::uint16_t port = 10000;
  bool use_tls = false;
  std::string cert_file, key_file;
  cli.add_option("--port", port, "TCP port on all interfaces");
  cli.add_flag("--use_tls", use_tls);
  cli.add_option("--tls_cert_file", cert_file, "the certificate chain, PEM")->check(CLI::ExistingFile);
  cli.add_option("--tls_key_file", key_file, "its private key, PEM")->check(CLI::ExistingFile);
  CLI11_PARSE(cli, argc, argv);

  // gRPC's threads must not take the signals that this one waits for.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (use_tls) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({peer::contents(key_file), peer::contents(cert_file)});
    credentials = grpc::SslServerCredentials(options);
  }
  TestService service;
  grpc::ServerBuilder builder;
  int bound = 0;
  builder.AddListeningPort(fmt::format("[::]:{}", port), credentials, &bound);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || bound == 0) {
    fmt::print(stderr, "can't listen on port {}\n", port);
    return 1;
  }
  fmt::print("listening on port {}\n", bound);
  std::fflush(stdout);
  int number = 0;
  sigwait(&signals, &number);
  server->Shutdown(std::chrono::system_clock::now());
}
