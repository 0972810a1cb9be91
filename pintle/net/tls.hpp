// TLS 1.2 and 1.3 for HTTP/2 (RFC 9113 section 9.2): what a server or a client needs to speak it, loaded from PEM and
// loaded again while connections are made.
//
// Settings that are not options: ECDHE with AEAD ciphers only, no renegotiation, no compression, no early data; ticket
// keys live as long as what was loaded; ALPN must agree on HTTP/2, or what a client's option says (RFC 7301).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/status.hpp>
#include <pintle/base/tls_info.hpp>

namespace pintle::net {

// PEM that lies in a file, which is read again at reload(), or in memory.
class Pem {
 public:
  Pem() = default;
  static Pem file(std::string path) { return Pem(std::move(path), {}); }
  static Pem text(std::string pem) { return Pem({}, std::move(pem)); }
  bool empty() const { return path_.empty() && text_.empty(); }
  const std::string& path() const { return path_; }  // empty: in memory
  const std::string& text() const { return text_; }

 private:
  Pem(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  std::string path_, text_;
};

// A certificate with the chain above it, leaf first, and its private key.
struct KeyPair {
  KeyPair() = default;
  KeyPair(Pem c, Pem k) : certificate(std::move(c)), key(std::move(k)) {}
  Pem certificate, key;
};

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

// What a server asks of its clients. A certificate that is shown must be valid, asked for or not.
enum class ClientCertificates : std::uint8_t { none, optional, required };

struct TlsServerOptions {
  TlsServerOptions() = default;
  // At least one. The client's SNI picks the first whose names (subjectAltName, one wildcard label) hold it; the first
  // of all serves the rest.
  std::vector<KeyPair> certificates;
  ClientCertificates client_certificates = ClientCertificates::none;
  Pem client_roots;  // whom client certificates must come from; needed unless none are asked for
  // What those have taken back: certificate revocation lists (RFC 5280), one of each authority. Empty: nothing is
  // asked.
  Pem client_revocations;
  // A certificate whose authority has no list, or one that has expired, is refused (gRFC A69: deny undetermined).
  // False: it passes.
  bool refuse_undetermined = true;
  TlsVersion min_version = TlsVersion::tls1_2;
  std::string key_log_file;  // secrets for a debugger, as browsers write them to SSLKEYLOGFILE; empty: none
};

struct TlsClientOptions {
  TlsClientOptions() = default;
  Pem roots;                // whom the server's certificate must come from; empty: the system's roots
  KeyPair certificate;      // ours, for servers that ask; empty: none
  std::string server_name;  // what SNI says and the certificate must hold, instead of the target's host
  TlsVersion min_version = TlsVersion::tls1_2;
  std::string key_log_file;
  std::string alpn = "h2";  // the one protocol that is offered and must be agreed on (RFC 7301): 1 to 255 bytes
};

// What became of reload().
enum class Reload : std::uint8_t {
  unchanged,  // the files hold what is in use
  replaced,   // new handshakes use what was read; connections that are there live on
  failed,     // unreadable, malformed, or a key that is not the certificate's: the last good ones stay in use
};

struct TlsCounts {
  std::uint64_t handshakes = 0;         // done
  std::uint64_t failed_handshakes = 0;  // refused, timed out, or not TLS
  std::uint64_t reloads = 0;            // Reload::replaced
  std::uint64_t failed_reloads = 0;
};

namespace tls {
class Context;
}

// Shared by all loops and all listeners that use the same certificates. Any thread.
class TlsServer {
 public:
  // Loads everything. INVALID_ARGUMENT names the file and what is wrong with it.
  static Result<std::shared_ptr<TlsServer>> create(TlsServerOptions options);
  ~TlsServer();

  // Reads the files again and swaps everything at once, or nothing. Blocks on the disk. `why` says what failed.
  Reload reload(std::string* why = nullptr);
  TlsCounts counts() const;
  tls::Context& context() const { return *context_; }

 private:
  explicit TlsServer(std::unique_ptr<tls::Context> context);
  std::unique_ptr<tls::Context> context_;
};

// Shared by any number of channels. Any thread.
class TlsClient {
 public:
  static Result<std::shared_ptr<TlsClient>> create(TlsClientOptions options = {});
  ~TlsClient();

  Reload reload(std::string* why = nullptr);
  TlsCounts counts() const;
  // TlsClientOptions::server_name.
  const std::string& server_name() const { return server_name_; }
  tls::Context& context() const { return *context_; }

 private:
  TlsClient(std::unique_ptr<tls::Context> context, std::string server_name);
  std::unique_ptr<tls::Context> context_;
  std::string server_name_;
};

}  // namespace pintle::net
