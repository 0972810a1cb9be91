// The peer that everybody knows: gRPC C++ as Debian ships it, callback API, serving bench/echo.proto.
// A process of its own; nothing of Pintle is linked into it.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include <grpcpp/grpcpp.h>

#include "arguments.hpp"
#include "echo.grpc.pb.h"

namespace {

using pintle::bench::v1::Chunk;
using pintle::bench::v1::Echo;
using pintle::bench::v1::EchoReply;
using pintle::bench::v1::EchoRequest;
using pintle::bench::v1::StreamRequest;

class DownReactor final : public grpc::ServerWriteReactor<Chunk> {
 public:
  explicit DownReactor(const StreamRequest& request) : left_(request.messages()) {
    chunk_.set_payload(std::string(request.size(), 'x'));
    next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::UNKNOWN, "write failed"));
    next();
  }
  void OnDone() override { delete this; }

 private:
  void next() {
    if (left_ == 0) return Finish(grpc::Status::OK);
    --left_;
    StartWrite(&chunk_);
  }

  std::uint32_t left_;
  Chunk chunk_;
};

class UpReactor final : public grpc::ServerReadReactor<Chunk> {
 public:
  explicit UpReactor(EchoReply* reply) : reply_(reply) { StartRead(&chunk_); }
  void OnReadDone(bool ok) override {
    if (ok) {
      total_ += chunk_.payload().size();
      return StartRead(&chunk_);
    }
    reply_->set_name(std::to_string(total_));
    Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  EchoReply* reply_;
  std::uint64_t total_ = 0;
  Chunk chunk_;
};

class EchoService final : public Echo::CallbackService {
 public:
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const EchoRequest* request,
                                  EchoReply* reply) override {
    reply->set_name(request->name());
    reply->set_payload(request->payload());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<Chunk>* Down(grpc::CallbackServerContext*, const StreamRequest* request) override {
    return new DownReactor(*request);
  }
  grpc::ServerReadReactor<Chunk>* Up(grpc::CallbackServerContext*, EchoReply* reply) override {
    return new UpReactor(reply);
  }
};

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = pintle::bench::server_arguments(argc, argv);
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (arguments.tls) {
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs.push_back({content_of(arguments.key_file), content_of(arguments.certificate_file)});
    credentials = grpc::SslServerCredentials(tls);
  }
  EchoService service;
  grpc::ServerBuilder builder;
  int bound = 0;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(arguments.port), credentials, &bound);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || bound == 0) {
    std::fprintf(stderr, "grpc_cpp_server: can't listen on port %u\n", unsigned{arguments.port});
    return 1;
  }
  server->Wait();
}
