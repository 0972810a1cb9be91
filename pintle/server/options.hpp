// What a server may be told; every default is the one that ships.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/random.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/rpc/exception_verdict.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/transport/connection.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

struct ServerOptions {
  ServerOptions() {
    connection.keepalive.time = std::chrono::hours(2);
    connection.keepalive.without_calls = true;  // gRFC A9: a server pings without calls too
  }
  std::size_t max_receive_message = 4 * 1024 * 1024;  // bytes, decompressed too; above it RESOURCE_EXHAUSTED
  // Of the responses of calls that do not say, where the client takes it.
  wire::Encoding compression = wire::Encoding::identity;
  std::size_t max_connections = 50'000;        // open at the same time; 0: no bound
  std::size_t max_connections_per_ip = 1'000;  // the same per peer address; 0: no bound
  // HTTP/2 limits, keepalive, idle timeout, age, running handlers. Each connection's max_age varies by 10 % up and
  // down.
  transport::ConnectionOptions connection;
  // Over the options in the .proto, by path pattern; a later one wins. For layers that have options of their own.
  std::vector<MethodOverlay> method_options;
  // Charged with what calls keep: bodies, queued output, pipes, pooled messages. Null: nothing is counted.
  std::shared_ptr<MemoryBudget> memory;
  // What exceptions that leave handlers become. Empty, or where it says nothing: UNKNOWN, and an id under which the log
  // has the exception's text.
  ExceptionJudge exceptions;
  // For development: such a text travels too, as google.rpc.DebugInfo. It may hold what callers must not see.
  bool debug_errors = false;
  Random random;  // empty: system_random()
  Logger log;
  Meters meters;  // for the layers
};

// What one listener of a server does; the defaults are plaintext and every service.
struct ListenOptions {
  ListenOptions() = default;
  std::shared_ptr<net::TlsServer> tls;  // null: plaintext
  std::vector<std::string> services;    // full names, such as "items.v1.ItemService"; the others are UNIMPLEMENTED here
  std::string chain;                    // of layers, around every method here (Server::add_layer)
  Duration handshake_timeout = std::chrono::seconds(10);  // of TLS; that of HTTP/2 is connection.http2's
  std::size_t max_handshakes = 1'000;  // TLS handshakes in flight on one loop; more are closed at once
};

}  // namespace pintle
