// The benchmark's service on Pintle: `echo_server --port N [--threads N] [--tls [--cert FILE --key FILE]]
// [--layers NAME]`. The contract is in echo.proto.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>
#include <echo.pintle.hpp>
#include <unistd.h>

#include "layers.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/server/server.hpp>
#include <pintle/testing/kit/certificates.hpp>

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

// A certificate for this machine that lasts as long as the process. Prints where what clients must trust lies.
pintle::net::KeyPair own_certificate() {
  const pintle::testing::TestAuthority authority("echo_server");
  const std::string roots = authority.roots();
  std::string path = std::filesystem::temp_directory_path() / "echo_server-ca-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0 || ::write(fd, roots.data(), roots.size()) != static_cast<ssize_t>(roots.size())) {
    std::perror(path.c_str());
    std::exit(1);
  }
  ::close(fd);
  std::printf("the CA of the certificate is in %s\n", path.c_str());
  return authority.issue(pintle::testing::CertificateWish("DNS:localhost,IP:127.0.0.1")).pair();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("The benchmark's echo service on Pintle");
  std::uint16_t port = 0;
  std::size_t threads = 1;
  bool tls = false;
  std::string certificate_file, key_file, layers;
  cli.add_option("--port", port, "TCP port on the loopback interface; 0 picks one");
  cli.add_option("--threads", threads, "event loops");
  auto* with_tls = cli.add_flag("--tls", tls, "speak TLS; with a certificate made at the start unless one is given");
  auto* with_certificate = cli.add_option("--cert", certificate_file, "PEM, leaf first")->needs(with_tls);
  with_certificate->needs(cli.add_option("--key", key_file, "PEM")->needs(with_certificate));
  cli.add_option("--layers", layers,
                 "around every call: request_id, tracing, metrics, access_log, or sight for these; authentication, "
                 "authorization, validation, or gate for these; full for all")
      ->check(CLI::IsMember({"request_id", "tracing", "metrics", "access_log", "sight", "authentication",
                             "authorization", "validation", "gate", "full"}));
  CLI11_PARSE(cli, argc, argv);

  pintle::ListenOptions listen;
  if (tls) {
    using pintle::net::Pem;
    pintle::net::TlsServerOptions options;
    options.certificates.push_back(certificate_file.empty()
                                       ? own_certificate()
                                       : pintle::net::KeyPair(Pem::file(certificate_file), Pem::file(key_file)));
    auto loaded = pintle::net::TlsServer::create(std::move(options));
    if (!loaded) {
      std::fprintf(stderr, "%s\n", loaded.error().to_string().c_str());
      return 1;
    }
    listen.tls = std::move(*loaded);
  }
  pintle::RuntimeOptions runtime_options;
  runtime_options.threads = threads;
  pintle::Runtime runtime(runtime_options);
  EchoService echo;
  pintle::bench::Telemetry telemetry(runtime);
  pintle::Server server(runtime, telemetry.options());
  for (auto& layer : telemetry.layers(layers)) server.add_layer(std::move(layer));
  if (pintle::Status added = server.add(echo); !added.ok()) {
    std::fprintf(stderr, "%s\n", added.to_string().c_str());
    return 1;
  }
  if (!server.start().ok()) return 1;
  runtime.start();
  auto address = server.listen(*pintle::net::SockAddress::from_ip("127.0.0.1", port), listen);
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().to_string().c_str());
    return 1;
  }
  std::printf("listening on %s\n", address->to_string().c_str());
  std::fflush(stdout);
  runtime.join();
}
