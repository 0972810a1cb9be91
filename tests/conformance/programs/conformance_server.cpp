// conformance_server: the server under test of the Connect conformance suites. Reads one ServerCompatRequest from
// stdin, says where it listens on stdout, and serves until SIGTERM (the runner closes stdin at once).
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <connectrpc/conformance/v1/server_compat.pb.h>
#include <fmt/core.h>
#include <unistd.h>

#include "conformance_service.hpp"
#include "delimited.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/async/signals.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/server/server.hpp>

namespace {

int fail(const std::string& why) {
  fmt::print(stderr, "conformance_server: {}\n", why);
  return 1;
}

using Wanted = conformance::suite::ServerCompatRequest;

// Null: plaintext.
pintle::Result<std::shared_ptr<pintle::net::TlsServer>> tls_of(const Wanted& wanted) {
  using pintle::net::Pem;
  if (!wanted.use_tls()) return nullptr;
  pintle::net::TlsServerOptions options;
  const auto& pair = wanted.server_creds();
  options.certificates.emplace_back(Pem::text(pair.cert()), Pem::text(pair.key()));
  if (!wanted.client_tls_cert().empty()) {
    options.client_certificates = pintle::net::ClientCertificates::required;
    options.client_roots = Pem::text(wanted.client_tls_cert());
  }
  return pintle::net::TlsServer::create(std::move(options));
}

int serve(const Wanted& wanted) {
  pintle::ListenOptions listen;
  auto tls = tls_of(wanted);
  if (!tls) return fail(tls.error().to_string());
  listen.tls = std::move(*tls);

  pintle::Runtime runtime;
  conformance::ConformanceService service;
  pintle::ServerOptions options;
  options.compression = pintle::wire::Encoding::gzip;  // where the client takes it
  if (wanted.message_receive_limit() != 0) options.max_receive_message = wanted.message_receive_limit();
  pintle::Server server(runtime, options);
  if (pintle::Status added = server.add(service); !added.ok()) return fail(added.to_string());
  if (pintle::Status started = server.start(); !started.ok()) return fail(started.to_string());

  pintle::SignalWatch stop(runtime.loop(0), {SIGTERM, SIGINT},
                           [&](int) { server.drain(std::chrono::seconds(0), [&] { runtime.stop(); }); });
  runtime.start();
  const auto bound = server.listen(*pintle::net::parse_listen_address("127.0.0.1:0"), std::move(listen));
  if (!bound) return fail(bound.error().to_string());

  conformance::suite::ServerCompatResponse response;
  response.set_host("127.0.0.1");
  response.set_port(bound->port());
  if (wanted.use_tls()) response.set_pem_cert(wanted.server_creds().cert());
  conformance::write_message(STDOUT_FILENO, response);
  runtime.join();
  return 0;
}

}  // namespace

int main() {
  try {
    Wanted wanted;
    if (!conformance::read_message(STDIN_FILENO, wanted)) return fail("there is no request on stdin");
    return serve(wanted);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}
