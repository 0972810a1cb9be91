// What a channel may be told; every default is the one that ships.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/random.hpp>
#include <pintle/client/balancer.hpp>
#include <pintle/client/endpoint.hpp>
#include <pintle/net/http_proxy.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/transport/connection.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

// The delays between attempts to connect (grpc/doc/connection-backoff.md).
struct ConnectBackoff {
  ConnectBackoff() = default;
  Duration initial = std::chrono::seconds(1);
  double multiplier = 1.6;
  double jitter = 0.2;  // of the delay, up and down
  Duration max = std::chrono::seconds(120);
  Duration min_connect_timeout = std::chrono::seconds(20);  // what an attempt is given at least
};

// For the methods whose paths match (rpc/path_pattern.hpp), in place of what the channel says.
struct MethodSettings {
  explicit MethodSettings(std::string methods) : pattern(std::move(methods)) {}
  std::string pattern;
  std::optional<Duration> timeout;  // calls have no more, whatever they say; those that say nothing have this
  std::optional<bool> wait_for_ready;
  std::optional<std::size_t> max_send_message;  // bytes; above it RESOURCE_EXHAUSTED
  std::optional<std::size_t> max_receive_message;
};

struct ChannelOptions {
  ChannelOptions() {
    connection.http2.max_concurrent_streams = 0;
    // A server may pad what it was asked for (RFC 9113 section 10.7), even the smallest pieces.
    connection.http2.tiny_data_overhead = std::numeric_limits<std::uint32_t>::max();
    connection.idle_timeout = std::chrono::minutes(30);  // then the channel is IDLE; the next call connects
  }
  std::string authority;  // ":authority"; empty: the target's host and port
  // Null: plaintext. The server's certificate must hold the host of `authority`, or what TlsClientOptions::server_name
  // says instead. A Dialer speaks TLS by itself; then this only makes the scheme "https".
  std::shared_ptr<net::TlsClient> tls;
  std::string user_agent;                               // put before ours
  Duration default_timeout = std::chrono::seconds(30);  // of unary calls that set none; max(): none
  bool wait_for_ready = false;                          // of calls that do not say
  // Calls that may wait on one loop for a connection, or for a stream above the server's limit; RESOURCE_EXHAUSTED for
  // those that come on top.
  std::size_t max_waiting = 10'000;
  std::size_t max_receive_message = 4 * 1024 * 1024;      // bytes, decompressed too; above it RESOURCE_EXHAUSTED
  wire::Encoding compression = wire::Encoding::identity;  // of the requests of calls that do not say
  ConnectBackoff backoff;
  // Null: the target, or the dialer, is the only endpoint; a host name is looked up at each attempt to connect.
  std::shared_ptr<EndpointResolver> resolver;
  // Null: pick_first: the first endpoint that can be connected to has all calls, until its connection is lost.
  // client/balancing has more.
  std::shared_ptr<const BalancerFactory> balancer;
  // Of each endpoint on each loop: another one is made while every stream that the peer allows is taken (gRFC A105).
  std::size_t max_connections = 1;
  // How long an address may say nothing before the next one is tried beside it (RFC 8305, gRFC A61); between 100 ms and
  // 2 s.
  Duration connection_attempt_delay = std::chrono::milliseconds(250);
  // Through which names are connected to that it covers; nothing: none is asked. Addresses are connected to directly.
  std::optional<net::HttpProxy> proxy;
  // Where a balancer or a resolver is given: endpoints whose servers say that this service is not SERVING are not
  // picked (gRFC A17). Empty: the server as a whole. Nothing: nobody asks.
  std::optional<std::string> health_service;
  transport::ConnectionOptions connection;
  std::vector<std::shared_ptr<const Layer>> layers;  // in the order of their places (rpc/layer.hpp)
  std::vector<MethodSettings> methods;               // the first that matches counts
  // Over the options in the .proto, by path pattern; a later one wins. For layers that have options of their own.
  std::vector<MethodOverlay> method_options;
  // Paths that have a chain of their own; calls of more share one, whose layers see the path "_OTHER" (for proxies).
  std::size_t max_methods = 1000;
  // Charged with what calls keep: bodies, queued output, pipes, pooled messages. Null: nothing is counted.
  std::shared_ptr<MemoryBudget> memory;
  Random random;  // empty: system_random()
  Logger log;
  Meters meters;  // for the layers
};

}  // namespace pintle
