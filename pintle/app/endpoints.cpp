#include <pintle/app/endpoints.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <pintle/app/internal/schema_values.hpp>
#include <pintle/config/v1/client.pb.h>
#include <pintle/config/v1/server.pb.h>
#include <pintle/config/v1/tls.pb.h>

namespace pintle {

namespace {

using app::duration;

template <class T>
using Checked = std::expected<T, ConfigError>;

std::unexpected<ConfigError> mistake(std::string key, std::string problem, std::string mend = "") {
  return std::unexpected(ConfigError{"", 0, 0, std::move(key), std::move(problem), std::move(mend)});
}

// None of our own texts means anything with a line break in it or a space around it; a file that was mounted brings
// some.
void check_texts(const google::protobuf::Message& message, const std::string& path, std::vector<ConfigError>& errors) {
  using google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  const auto look = [&](const std::string& text, const std::string& key) {
    const auto odd = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
    if (std::ranges::any_of(text, odd) || text.starts_with(' ') || text.ends_with(' '))
      errors.push_back({"", 0, 0, key, "holds a line break, a control character, or a space around it", "remove it"});
  };
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const std::string key = path + '.' + field.name();
    const bool text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (!text && field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field.is_repeated()) {
      if (text) look(reflection.GetString(message, &field), key);
      if (!text && reflection.HasField(message, &field))
        check_texts(reflection.GetMessage(message, &field), key, errors);
      continue;
    }
    for (int n = 0; n < reflection.FieldSize(message, &field); ++n) {
      const std::string element = fmt::format("{}[{}]", key, n);
      if (text)
        look(reflection.GetRepeatedString(message, &field, n), element);
      else
        check_texts(reflection.GetRepeatedMessage(message, &field, n), element, errors);
    }
  }
}

// -- Addresses --------------------------------------------------------------------------------------------------------

// What was probably meant.
std::string mend_host(const std::string& host, const std::string& where) {
  const auto is_ip = [](const std::string& text) { return net::SockAddress::from_ip(text, 0).has_value(); };
  if (const auto split = net::split_host_port(host, 0); split && is_ip(split->host))
    return split->has_port ? fmt::format("write {} here, and {} as {}.port", split->host, split->port, where)
                           : fmt::format("write {}, without brackets", split->host);
  return "write a numeric address such as 0.0.0.0, :: or 127.0.0.1";
}

// Of Server and Listener, whose fields have the same names.
template <class M>
Checked<net::SockAddress> listen_address(const M& from, const std::string& where) {
  if (!from.unix_socket().empty()) {
    auto address = net::SockAddress::from_unix_path(from.unix_socket());
    if (!address) return mistake(where + ".unix_socket", std::string(address.error().message()), "shorten it");
    return *address;
  }
  const std::string host = from.host() == "localhost" ? "127.0.0.1" : from.host();
  auto address = net::SockAddress::from_ip(host, static_cast<std::uint16_t>(from.port()));
  if (!address) return mistake(where + ".host", std::string(address.error().message()), mend_host(host, where));
  return *address;
}

// -- TLS --------------------------------------------------------------------------------------------------------------

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

// Empty when there is neither. Of ServerTls, KeyPair and ClientTls.
template <class M>
Checked<net::KeyPair> key_pair(const M& from, const std::string& where) {
  const std::string &certificate = from.certificate_file(), &key = from.key_file();
  if (certificate.empty() != key.empty())
    return mistake(where + (key.empty() ? ".key_file" : ".certificate_file"),
                   "is missing: a certificate and its key come together");
  return net::KeyPair(pem(certificate), pem(key));
}

// Null: plaintext.
Checked<std::shared_ptr<net::TlsServer>> tls_server(const config::v1::ServerTls& tls, const std::string& where,
                                                    const std::string& key_log_file) {
  net::TlsServerOptions options;
  options.client_certificates = client_certificates(tls.client_certificates());
  const bool asks = options.client_certificates != net::ClientCertificates::none;
  auto first = key_pair(tls, where);
  if (!first) return std::unexpected(std::move(first).error());
  if (first->certificate.empty()) {
    if (asks || tls.more_certificates_size() != 0 || !tls.client_ca_file().empty())
      return mistake(where + ".certificate_file", "is missing: without it the port would speak plaintext");
    return nullptr;
  }
  if (asks && tls.client_ca_file().empty())
    return mistake(where + ".client_ca_file", "is missing: client certificates must come from somebody");
  if (!asks && !tls.client_ca_file().empty())
    return mistake(where + ".client_certificates", "is none: client_ca_file would mean nothing", "write required");
  options.certificates.push_back(std::move(*first));
  for (int i = 0; i < tls.more_certificates_size(); ++i) {
    const std::string at = fmt::format("{}.more_certificates[{}]", where, i);
    auto next = key_pair(tls.more_certificates(i), at);
    if (!next) return std::unexpected(std::move(next).error());
    if (next->certificate.empty()) return mistake(at + ".certificate_file", "is missing");
    options.certificates.push_back(std::move(*next));
  }
  if (!asks && !tls.client_crl_file().empty())
    return mistake(where + ".client_certificates", "is none: client_crl_file would mean nothing", "write required");
  options.client_roots = pem(tls.client_ca_file());
  options.client_revocations = pem(tls.client_crl_file());
  options.refuse_undetermined = tls.client_crl_required();
  options.min_version = version(tls.min_version());
  options.key_log_file = key_log_file;
  auto made = net::TlsServer::create(std::move(options));
  if (!made) return mistake(where, std::string(made.error().message()));
  return std::move(*made);
}

template <class M>
Checked<Port> port(const M& from, const std::string& where, const std::string& key_log_file) {
  auto address = listen_address(from, where);
  if (!address) return std::unexpected(std::move(address).error());
  auto tls = tls_server(from.tls(), where + ".tls", key_log_file);
  if (!tls) return std::unexpected(std::move(tls).error());
  Port port;
  port.key = where;
  port.address = *address;
  port.options.tls = std::move(*tls);
  port.options.services.assign(from.services().begin(), from.services().end());
  port.options.chain = from.chain();
  if (port.options.tls != nullptr) {
    port.options.handshake_timeout = duration(from.tls().handshake_timeout());
    port.options.max_handshakes = from.tls().max_handshakes();
    port.reload_interval = duration(from.tls().reload_interval());
  }
  return port;
}

}  // namespace

std::expected<std::shared_ptr<net::TlsClient>, ConfigError> tls_client(const config::v1::ClientTls& tls,
                                                                       const std::string& where,
                                                                       const std::string& key_log_file) {
  auto own = key_pair(tls, where);
  if (!own) return std::unexpected(std::move(own).error());
  if (!tls.enabled()) {
    if (!tls.ca_file().empty() || !tls.certificate_file().empty() || !tls.server_name().empty())
      return mistake(where + ".enabled", fmt::format("is false, but other keys of {} are set", where),
                     "write enabled: true");
    return nullptr;
  }
  net::TlsClientOptions options;
  options.roots = pem(tls.ca_file());
  options.certificate = std::move(*own);
  options.server_name = tls.server_name();
  options.min_version = version(tls.min_version());
  options.key_log_file = key_log_file;
  auto made = net::TlsClient::create(std::move(options));
  if (!made) return mistake(where, std::string(made.error().message()));
  return std::move(*made);
}

std::expected<Endpoints, std::vector<ConfigError>> endpoints(const config::v1::Server& server,
                                                             const config::v1::Client& client,
                                                             const std::string& key_log_file) {
  Endpoints all;
  std::vector<ConfigError> errors;
  check_texts(server, "server", errors);
  check_texts(client, "client", errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));

  const auto add = [&](Checked<Port> made) {
    if (made)
      all.ports.push_back(std::move(*made));
    else
      errors.push_back(std::move(made).error());
  };
  add(port(server, "server", key_log_file));
  for (int i = 0; i < server.listeners_size(); ++i)
    add(port(server.listeners(i), fmt::format("server.listeners[{}]", i), key_log_file));
  if (auto made = tls_client(client.tls(), "client.tls", key_log_file))
    all.tls = std::move(*made);
  else
    errors.push_back(std::move(made).error());
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return all;
}

}  // namespace pintle
