// gRPC C++ as a client: a closed loop of unary calls over one completion queue, one channel for each connection.
// It takes the options of pintle_load that a client under test needs and prints the same JSON line.

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "echo.grpc.pb.h"
#include "histogram.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using pintle::bench::Histogram;
using pintle::bench::v1::Echo;
using pintle::bench::v1::EchoReply;
using pintle::bench::v1::EchoRequest;

struct Options {
  std::string port;
  std::size_t connections = 10;
  std::size_t streams = 10;
  double warmup = 0.2;
  double seconds = 1;
  std::uint64_t calls = 0;
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct OpenCall {
  Echo::Stub* stub = nullptr;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<EchoReply>> reader;
  EchoReply reply;
  grpc::Status status;
  Clock::time_point began;
};

class Loop {
 public:
  explicit Loop(const Options& options)
      : options_(options), left_(options.calls != 0 ? options.calls : ~std::uint64_t{0}) {
    request_.set_name("hello world");
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all channels share one connection
    for (std::size_t i = 0; i < options.connections; ++i) {
      auto channel =
          grpc::CreateCustomChannel("127.0.0.1:" + options.port, grpc::InsecureChannelCredentials(), arguments);
      channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5));
      stubs_.push_back(Echo::NewStub(channel));
    }
    calls_.resize(options.connections * options.streams);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      calls_[i].stub = stubs_[i / options.streams].get();
      begin(calls_[i], Clock::now());
    }
  }

  // Until the time is over or nothing is open.
  void turn_for(double seconds) {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    void* tag = nullptr;
    bool ok = false;
    Clock::time_point now;
    while (open_ != 0 && now < end && queue_.Next(&tag, &ok)) {
      now = Clock::now();
      auto& call = *static_cast<OpenCall*>(tag);
      --open_;
      if (ok && call.status.ok() && call.reply.name() == request_.name() && call.reply.payload().empty()) {
        ++done_;
        latency_.add(static_cast<std::uint64_t>((now - call.began).count()));
      } else {
        ++errors_;
      }
      begin(call, now);
    }
  }

  int run() {
    if (options_.calls == 0) {
      turn_for(options_.warmup);
      done_ = 0;
      latency_.clear();
    }
    const auto wall = Clock::now();
    const double cpu = cpu_seconds();
    turn_for(options_.calls == 0 ? options_.seconds : 3600);
    const double seconds = std::chrono::duration<double>(Clock::now() - wall).count();
    std::printf(
        "{\"calls\": %llu, \"errors\": %llu, \"seconds\": %.6f, \"calls_per_s\": %.1f, \"p50_us\": %.2f, \"p99_us\": "
        "%.2f, "
        "\"client_cpu_s\": %.6f, \"server_cpu_s\": 0}\n",
        static_cast<unsigned long long>(done_), static_cast<unsigned long long>(errors_), seconds,
        static_cast<double>(done_) / seconds, latency_.quantile(0.5) / 1e3, latency_.quantile(0.99) / 1e3,
        cpu_seconds() - cpu);
    left_ = 0;
    turn_for(2);
    return errors_ == 0 && latency_.count() != 0 ? 0 : 1;
  }

 private:
  void begin(OpenCall& call, Clock::time_point now) {
    if (left_ == 0) return;
    --left_;
    ++open_;
    call.context = std::make_unique<grpc::ClientContext>();
    call.began = now;
    call.reader = call.stub->AsyncUnary(call.context.get(), request_, &queue_);
    call.reader->Finish(&call.reply, &call.status, &call);
  }

  Options options_;
  std::uint64_t left_;
  std::uint64_t done_ = 0;
  std::uint64_t errors_ = 0;
  std::size_t open_ = 0;
  Histogram latency_;
  EchoRequest request_;
  std::vector<std::unique_ptr<Echo::Stub>> stubs_;
  grpc::CompletionQueue queue_;
  std::vector<OpenCall> calls_;
};

Options options_of(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 1; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
  Options options;
  options.port = given["--port"];
  if (options.port.empty() || argc % 2 == 0) {
    std::fprintf(
        stderr,
        "usage: grpc_cpp_client --port N [--connections N] [--streams N] [--seconds S] [--warmup S] [--calls N]\n");
    std::exit(2);
  }
  if (given.contains("--connections")) options.connections = std::stoul(given["--connections"]);
  if (given.contains("--streams")) options.streams = std::stoul(given["--streams"]);
  if (given.contains("--seconds")) options.seconds = std::stod(given["--seconds"]);
  if (given.contains("--warmup")) options.warmup = std::stod(given["--warmup"]);
  if (given.contains("--calls")) options.calls = std::stoull(given["--calls"]);
  return options;
}

}  // namespace

int main(int argc, char** argv) { return Loop(options_of(argc, argv)).run(); }
