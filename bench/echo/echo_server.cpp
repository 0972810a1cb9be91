// The benchmark's service on Pintle: `echo_server --port N [--threads N]`. The contract is in echo.proto.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <echo.pintle.hpp>

#include <pintle/async/runtime.hpp>
#include <pintle/server/server.hpp>

namespace {

using pintle::bench::v1::Chunk;
using pintle::bench::v1::EchoReply;
using pintle::bench::v1::EchoRequest;
using pintle::bench::v1::StreamRequest;

class EchoService final : public pintle::bench::v1::Echo::Service {
 public:
  pintle::Task<pintle::Status> UnaryInto(pintle::Call&, const EchoRequest& request, EchoReply& reply) override {
    reply.set_name(request.name());
    reply.set_payload(request.payload());
    co_return pintle::Status();
  }

  pintle::Task<pintle::Status> Down(pintle::Call&, const StreamRequest& request, pintle::Writer<Chunk>& out) override {
    Chunk chunk;
    chunk.set_payload(std::string(request.size(), 'x'));
    for (std::uint32_t i = 0; i < request.messages(); ++i)
      if (pintle::Status gone = co_await out.write(chunk); !gone.ok()) co_return gone;
    co_return pintle::Status();
  }

  pintle::Task<pintle::Result<EchoReply>> Up(pintle::Call&, pintle::Reader<Chunk>& in) override {
    std::uint64_t sum = 0;
    for (;;) {
      auto chunk = co_await in.read();
      if (!chunk) co_return std::unexpected(std::move(chunk).error());
      if (*chunk == nullptr) break;
      sum += (*chunk)->payload().size();
    }
    EchoReply reply;
    reply.set_name(std::to_string(sum));
    co_return reply;
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("The benchmark's echo service on Pintle");
  std::uint16_t port = 0;
  std::size_t threads = 1;
  cli.add_option("--port", port, "TCP port on the loopback interface; 0 picks one");
  cli.add_option("--threads", threads, "event loops");
  CLI11_PARSE(cli, argc, argv);

  pintle::RuntimeOptions runtime_options;
  runtime_options.threads = threads;
  pintle::Runtime runtime(runtime_options);
  EchoService echo;
  pintle::Server server(runtime);
  if (pintle::Status added = server.add(echo); !added.ok()) {
    std::fprintf(stderr, "%s\n", added.to_string().c_str());
    return 1;
  }
  server.start();
  runtime.start();
  auto address = server.listen(*pintle::net::SockAddress::from_ip("127.0.0.1", port));
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().to_string().c_str());
    return 1;
  }
  std::printf("listening on %s\n", address->to_string().c_str());
  std::fflush(stdout);
  runtime.join();
}
