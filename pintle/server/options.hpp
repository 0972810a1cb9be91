// What a server may be told; every default is the one that ships.
#pragma once

#include <cstddef>

#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/transport/connection.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

struct ServerOptions {
  ServerOptions() { connection.keepalive.time = std::chrono::hours(2); }
  std::size_t max_receive_message = 4 * 1024 * 1024;  // bytes, decompressed too; above it RESOURCE_EXHAUSTED
  // Of the responses of calls that do not say, where the client takes it.
  wire::Encoding compression = wire::Encoding::identity;
  std::size_t max_connections = 50'000;        // open at the same time; 0: no bound
  std::size_t max_connections_per_ip = 1'000;  // the same per peer address; 0: no bound
  transport::ConnectionOptions connection;     // HTTP/2 limits, keepalive, idle timeout, running handlers
  Logger log;
};

}  // namespace pintle
