#include <pintle/security/authn/certificate_identity.hpp>

#include <algorithm>
#include <string_view>

namespace pintle {

namespace {

// spiffe://domain/path, by the SPIFFE ID specification: a path of segments that are neither empty, "." nor "..".
bool is_spiffe_id_of(const std::vector<std::string>& domains, std::string_view uri) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!uri.starts_with(kScheme) || uri.size() > 2048) return false;
  uri.remove_prefix(kScheme.size());
  const std::string_view domain = uri.substr(0, uri.find('/'));
  if (std::ranges::find(domains, domain) == domains.end()) return false;
  std::string_view path = uri.substr(domain.size());
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    const bool plain = std::ranges::all_of(segment, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
             c == '_';
    });
    if (segment.empty() || segment == "." || segment == ".." || !plain) return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

std::shared_ptr<const Identity> identity_of(const CertificateRules& rules, const TlsInfo* tls) {
  if (tls == nullptr || !tls->has_certificate) return nullptr;
  const PeerCertificate& shown = tls->certificate;
  if (!rules.spiffe_domains.empty() &&
      (shown.uri_names.size() != 1 || !is_spiffe_id_of(rules.spiffe_domains, shown.uri_names.front())))
    return nullptr;
  const std::string& subject = !shown.uri_names.empty()   ? shown.uri_names.front()
                               : !shown.dns_names.empty() ? shown.dns_names.front()
                                                          : shown.subject;
  if (subject.empty()) return nullptr;
  Identity identity;
  identity.subject(subject);
  for (const std::string& name : shown.uri_names) identity.certificate_name(name);
  for (const std::string& name : shown.dns_names) identity.certificate_name(name);
  return std::make_shared<const Identity>(std::move(identity));
}

}  // namespace pintle
