// Who a client certificate speaks of (gRFC A43, SPIFFE X.509-SVID).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <pintle/base/tls_info.hpp>
#include <pintle/rpc/identity.hpp>

namespace pintle {

struct CertificateRules {
  CertificateRules() = default;
  // Not empty: only SPIFFE ids of these trust domains are believed, and the certificate has no other URI.
  std::vector<std::string> spiffe_domains;
};

// The subject is the first URI name, else the first DNS name, else the distinguished name of the certificate, which TLS
// has verified; all URI and DNS names are certificate_names(). Null: no certificate was shown, it has no name, or the
// rules don't let it speak.
std::shared_ptr<const Identity> identity_of(const CertificateRules& rules, const TlsInfo* tls);

}  // namespace pintle
