#include <pintle/app/settings.hpp>

#include <pintle/app/internal/schema_values.hpp>
#include <pintle/base/memory_limit.hpp>
#include <pintle/config/v1/client.pb.h>
#include <pintle/config/v1/server.pb.h>

namespace pintle {

namespace {

using app::duration;

std::chrono::milliseconds milliseconds(const google::protobuf::Duration& d) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration(d));
}

// Durations that may be none are absent then.
template <class M>
Duration or_never(const M& message, bool (M::*has)() const, const google::protobuf::Duration& (M::*get)() const) {
  return (message.*has)() ? duration((message.*get)()) : Duration::max();
}

wire::Encoding encoding(config::v1::Compression compression) {
  switch (compression) {
    case config::v1::COMPRESSION_GZIP:
      return wire::Encoding::gzip;
    case config::v1::COMPRESSION_DEFLATE:
      return wire::Encoding::deflate;
    case config::v1::COMPRESSION_ZSTD:
      return wire::Encoding::zstd;
    default:
      return wire::Encoding::identity;
  }
}

}  // namespace

RuntimeOptions runtime_options(const config::v1::Server& server) {
  RuntimeOptions options;
  options.threads = server.threads();
  options.workers.threads = server.workers();
  return options;
}

std::shared_ptr<MemoryBudget> memory_budget(const config::v1::Server& server) {
  const std::uint64_t told = server.memory_budget();
  return std::make_shared<MemoryBudget>(told != 0 ? static_cast<std::size_t>(told) : default_memory_budget());
}

ServerOptions server_options(const config::v1::Server& server, Logger log) {
  using Keepalive = config::v1::ServerKeepalive;
  ServerOptions options;
  options.log = log;
  options.max_receive_message = server.max_receive_message_bytes();
  options.max_connections = server.max_connections();
  options.max_connections_per_ip = server.max_connections_per_ip();
  options.compression = encoding(server.compression());
  options.debug_errors = server.debug_errors();

  transport::ConnectionOptions& connection = options.connection;
  connection.max_running = server.max_concurrent_calls_per_connection();
  const Keepalive& keepalive = server.keepalive();
  connection.keepalive.time = or_never(keepalive, &Keepalive::has_time, &Keepalive::time);
  connection.keepalive.timeout = duration(keepalive.timeout());
  connection.idle_timeout = or_never(keepalive, &Keepalive::has_max_connection_idle, &Keepalive::max_connection_idle);
  connection.max_age = or_never(keepalive, &Keepalive::has_max_connection_age, &Keepalive::max_connection_age);
  connection.max_age_grace =
      or_never(keepalive, &Keepalive::has_max_connection_age_grace, &Keepalive::max_connection_age_grace);

  http2::Options& http2 = connection.http2;
  http2.max_concurrent_streams = server.max_concurrent_calls_per_connection();
  http2.ping_strikes = keepalive.ping_strikes();
  http2.min_ping_interval = milliseconds(keepalive.permit_time());
  if (keepalive.permit_without_calls()) http2.min_ping_interval_idle = http2.min_ping_interval;
  const config::v1::ServerLimits& limits = server.limits();
  http2.preface_timeout = milliseconds(limits.handshake_timeout());
  http2.header_block_timeout = milliseconds(limits.header_block_timeout());
  http2.settings_ack_timeout = milliseconds(limits.settings_ack_timeout());
  http2.max_header_list = limits.max_header_list_bytes();
  http2.advertised_header_list = static_cast<std::uint32_t>(limits.advertised_header_list_bytes());
  http2.max_header_fields = limits.max_header_fields();
  http2.max_continuations = limits.max_continuations();
  http2.initial_stream_window = static_cast<std::uint32_t>(limits.stream_window_bytes());
  http2.connection_window = static_cast<std::uint32_t>(limits.connection_window_bytes());
  http2.max_frame_size = static_cast<std::uint32_t>(limits.max_frame_bytes());
  http2.reset_check_after = limits.reset_check_after();
  http2.reset_window = milliseconds(limits.reset_window());
  http2.max_provoked_resets = limits.max_provoked_resets();
  http2.glitch_burst = limits.glitch_burst();
  http2.glitch_rate = limits.glitch_rate();
  http2.max_control_frames_queued = limits.max_control_frames_queued();
  http2.max_empty_data = limits.max_empty_data();
  return options;
}

ChannelOptions channel_options(const config::v1::Client& client, Logger log) {
  using Client = config::v1::Client;
  ChannelOptions options;
  options.log = log;
  options.default_timeout = or_never(client, &Client::has_timeout, &Client::timeout);
  options.wait_for_ready = client.wait_for_ready();
  options.max_receive_message = client.max_receive_message_bytes();
  options.compression = encoding(client.compression());
  options.backoff.initial = duration(client.backoff().initial());
  options.backoff.multiplier = client.backoff().multiplier();
  options.backoff.jitter = client.backoff().jitter();
  options.backoff.max = duration(client.backoff().max());
  options.backoff.min_connect_timeout = duration(client.connect_timeout());
  options.connection.keepalive.time =
      or_never(client.keepalive(), &config::v1::ClientKeepalive::has_time, &config::v1::ClientKeepalive::time);
  options.connection.keepalive.timeout = duration(client.keepalive().timeout());
  options.connection.keepalive.without_calls = client.keepalive().without_calls();
  options.connection.idle_timeout = or_never(client, &Client::has_idle_timeout, &Client::idle_timeout);
  return options;
}

}  // namespace pintle
