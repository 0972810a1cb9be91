#include <pintle/app/settings.hpp>

#include <pintle/config/v1/client.pb.h>
#include <pintle/config/v1/server.pb.h>
#include <pintle/config/v1/tls.pb.h>

namespace pintle {

namespace {

Duration duration(const google::protobuf::Duration& d) {
  return std::chrono::seconds(d.seconds()) + std::chrono::nanoseconds(d.nanos());
}

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

ServerOptions server_options(const config::v1::Server& server, Logger log) {
  using Keepalive = config::v1::ServerKeepalive;
  ServerOptions options;
  options.log = log;
  options.max_receive_message = server.max_receive_message_bytes();
  options.max_connections = server.max_connections();
  options.compression = encoding(server.compression());

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

namespace {

net::TlsVersion version(config::v1::TlsVersion v) {
  return v == config::v1::TLS_VERSION_TLS1_3 ? net::TlsVersion::tls1_3 : net::TlsVersion::tls1_2;
}

net::ClientCertificates client_certificates(config::v1::ClientCertificates c) {
  switch (c) {
    case config::v1::CLIENT_CERTIFICATES_OPTIONAL:
      return net::ClientCertificates::optional;
    case config::v1::CLIENT_CERTIFICATES_REQUIRED:
      return net::ClientCertificates::required;
    default:
      return net::ClientCertificates::none;
  }
}

net::Pem pem(const std::string& file) { return file.empty() ? net::Pem() : net::Pem::file(file); }

Status whole_pair(const std::string& certificate, const std::string& key, const std::string& where) {
  if (certificate.empty() == key.empty()) return {};
  return invalid_argument("{}.{} is missing: a certificate and its key come together", where,
                          key.empty() ? "key_file" : "certificate_file");
}

// Null: plaintext.
Result<std::shared_ptr<net::TlsServer>> tls_server(const config::v1::ServerTls& tls, const std::string& where,
                                                   const std::string& key_log_file) {
  if (Status s = whole_pair(tls.certificate_file(), tls.key_file(), where); !s.ok()) return std::unexpected(s);
  const bool asks = client_certificates(tls.client_certificates()) != net::ClientCertificates::none;
  if (tls.certificate_file().empty()) {
    if (asks || tls.more_certificates_size() != 0 || !tls.client_ca_file().empty())
      return invalid_argument("{}.certificate_file is missing: without it the port would speak plaintext", where);
    return nullptr;
  }
  if (asks && tls.client_ca_file().empty())
    return invalid_argument("{}.client_ca_file is missing: client certificates must come from somebody", where);
  if (!asks && !tls.client_ca_file().empty())
    return invalid_argument("{}.client_certificates is none: client_ca_file would mean nothing; write required", where);
  net::TlsServerOptions options;
  options.certificates.emplace_back(pem(tls.certificate_file()), pem(tls.key_file()));
  for (int i = 0; i < tls.more_certificates_size(); ++i) {
    const auto& pair = tls.more_certificates(i);
    const std::string at = fmt::format("{}.more_certificates[{}]", where, i);
    if (pair.certificate_file().empty()) return invalid_argument("{}.certificate_file is missing", at);
    if (Status s = whole_pair(pair.certificate_file(), pair.key_file(), at); !s.ok()) return std::unexpected(s);
    options.certificates.emplace_back(pem(pair.certificate_file()), pem(pair.key_file()));
  }
  options.client_certificates = client_certificates(tls.client_certificates());
  options.client_roots = pem(tls.client_ca_file());
  options.min_version = version(tls.min_version());
  options.key_log_file = key_log_file;
  auto made = net::TlsServer::create(std::move(options));
  if (!made) return invalid_argument("{}: {}", where, made.error().message());
  return made;
}

// Of Server and Listener, whose fields have the same names.
template <class M>
Result<net::SockAddress> listen_address(const M& from, const std::string& where) {
  if (!from.unix_socket().empty()) {
    auto address = net::SockAddress::from_unix_path(from.unix_socket());
    if (!address) return invalid_argument("{}.unix_socket: {}", where, address.error().message());
    return address;
  }
  const std::string host = from.host() == "localhost" ? "127.0.0.1" : from.host();
  auto address = net::SockAddress::from_ip(host, static_cast<std::uint16_t>(from.port()));
  if (!address)
    return invalid_argument("{}.host: {}; write a numeric address such as 0.0.0.0, :: or 127.0.0.1", where,
                            address.error().message());
  return address;
}

template <class M>
Result<Place> place(const M& from, const std::string& where, const std::string& key_log_file) {
  auto address = listen_address(from, where);
  if (!address) return std::unexpected(std::move(address).error());
  auto tls = tls_server(from.tls(), where + ".tls", key_log_file);
  if (!tls) return std::unexpected(std::move(tls).error());
  Place place;
  place.key = where;
  place.address = *address;
  place.options.tls = std::move(*tls);
  place.options.services.assign(from.services().begin(), from.services().end());
  if (place.options.tls != nullptr) {
    place.options.handshake_timeout = duration(from.tls().handshake_timeout());
    place.options.max_handshakes = from.tls().max_handshakes();
    place.reload_interval = duration(from.tls().reload_interval());
  }
  return place;
}

}  // namespace

Result<std::vector<Place>> places(const config::v1::Server& server, const std::string& key_log_file) {
  std::vector<Place> all;
  auto first = place(server, "server", key_log_file);
  if (!first) return std::unexpected(std::move(first).error());
  all.push_back(std::move(*first));
  for (int i = 0; i < server.listeners_size(); ++i) {
    auto next = place(server.listeners(i), fmt::format("server.listeners[{}]", i), key_log_file);
    if (!next) return std::unexpected(std::move(next).error());
    all.push_back(std::move(*next));
  }
  return all;
}

Result<std::shared_ptr<net::TlsClient>> tls_client(const config::v1::Client& client, const std::string& key_log_file) {
  const config::v1::ClientTls& tls = client.tls();
  if (!tls.enabled()) {
    if (!tls.ca_file().empty() || !tls.certificate_file().empty() || !tls.server_name().empty())
      return invalid_argument("client.tls.enabled is false, but other keys of client.tls are set: write enabled: true");
    return nullptr;
  }
  if (Status s = whole_pair(tls.certificate_file(), tls.key_file(), "client.tls"); !s.ok()) return std::unexpected(s);
  net::TlsClientOptions options;
  options.roots = pem(tls.ca_file());
  options.certificate = net::KeyPair(pem(tls.certificate_file()), pem(tls.key_file()));
  options.server_name = tls.server_name();
  options.min_version = version(tls.min_version());
  options.key_log_file = key_log_file;
  auto made = net::TlsClient::create(std::move(options));
  if (!made) return invalid_argument("client.tls: {}", made.error().message());
  return made;
}

}  // namespace pintle
