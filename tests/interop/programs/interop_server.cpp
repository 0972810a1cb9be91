// interop_server --port N: serves grpc.testing.TestService, for the interoperability cases of other implementations.
// The flags are those of grpc-go's interop server. SIGTERM and SIGINT drain.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "test_service.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/async/signals.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/server/server.hpp>

namespace {

constexpr pintle::Duration kGrace = std::chrono::seconds(5);

int fail(const std::string& why) {
  fmt::print(stderr, "interop_server: {}\n", why);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Serves gRPC's interoperability cases with Pintle");
  std::uint16_t port = 10000;
  bool use_tls = false;
  std::string cert_file, key_file;
  std::size_t threads = 0;
  cli.add_option("--port", port, "TCP port on all interfaces; 0 picks one");
  cli.add_flag("--use_tls", use_tls, "TLS instead of plaintext");
  cli.add_option("--tls_cert_file", cert_file, "the certificate chain, PEM");
  cli.add_option("--tls_key_file", key_file, "its private key, PEM");
  cli.add_option("--threads", threads, "event loops; 0: one per CPU");
  CLI11_PARSE(cli, argc, argv);

  pintle::ListenOptions listening;
  if (use_tls) {
    pintle::net::TlsServerOptions tls;
    tls.certificates.emplace_back(pintle::net::Pem::file(cert_file), pintle::net::Pem::file(key_file));
    auto created = pintle::net::TlsServer::create(std::move(tls));
    if (!created) return fail(created.error().to_string());
    listening.tls = *std::move(created);
  }
  pintle::RuntimeOptions runtime_options;
  runtime_options.threads = threads;
  pintle::Runtime runtime(runtime_options);
  interop::TestService service;
  pintle::ServerOptions options;
  // grpc-go's channel_soak keeps the channels of all its iterations open, thousands from one address.
  options.max_connections = options.max_connections_per_ip = 0;
  pintle::Server server(runtime, options);
  if (pintle::Status added = server.add(service); !added.ok()) return fail(added.to_string());
  if (pintle::Status started = server.start(); !started.ok()) return fail(started.to_string());

  pintle::SignalWatch stop(runtime.loop(0), {SIGTERM, SIGINT},
                           [&](int) { server.drain(kGrace, [&] { runtime.stop(); }); });
  runtime.start();
  const auto address = pintle::net::parse_listen_address(fmt::format("*:{}", port));
  const auto bound = address ? server.listen(*address, listening) : pintle::Result<pintle::net::SockAddress>(address);
  if (!bound) return fail(bound.error().to_string());
  fmt::print("listening on {}\n", bound->to_string());
  std::fflush(stdout);
  runtime.join();
}
