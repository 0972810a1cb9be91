// What a TLS handshake agreed on and whom it showed, for logs, identity and policies.
#pragma once

#include <string>
#include <vector>

namespace pintle {

// The peer's certificate, verified against the trusted roots. The names are compared byte by byte: no wildcard and no
// case folding; one with an embedded NUL is left out.
struct PeerCertificate {
  PeerCertificate() = default;
  std::vector<std::string> uri_names;  // subjectAltName URI: SPIFFE ids among them
  std::vector<std::string> dns_names;  // subjectAltName DNS
  std::string subject;                 // RFC 4514, as "CN=client,O=Example"
  std::string serial;                  // hexadecimal
  std::string sha256;                  // fingerprint of the certificate, hexadecimal
};

// Made once per connection, never changed.
struct TlsInfo {
  TlsInfo() = default;
  std::string version;           // "TLSv1.3"
  std::string cipher;            // "TLS_AES_128_GCM_SHA256"
  std::string alpn;              // "h2"; empty: none was negotiated
  std::string server_name;       // SNI as the client sent it; empty: none
  bool resumed = false;          // from a session ticket
  bool has_certificate = false;  // whether the peer showed one
  PeerCertificate certificate;
};

}  // namespace pintle
