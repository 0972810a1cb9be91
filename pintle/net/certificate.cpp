#include <pintle/net/internal/certificate.hpp>

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace pintle::net::tls {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The names of one kind. One with a NUL inside is somebody's trick: different readers would see different names.
std::vector<std::string> alternative_names(X509& certificate, int kind) {
  std::vector<std::string> names;
  const NamesPtr all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type);
    if (type != kind) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    const std::string_view name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (!name.empty() && !name.contains('\0')) names.emplace_back(name);
  }
  return names;
}

std::string text_of(BIO& bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

}  // namespace

std::string take_errors(std::string_view otherwise) {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!text.empty()) text += ": ";
    text += reason != nullptr ? reason : "error " + std::to_string(code);
  }
  return text.empty() ? std::string(otherwise) : text;
}

std::vector<std::string> dns_names(X509& certificate) {
  std::vector<std::string> names = alternative_names(certificate, GEN_DNS);
  for (std::string& name : names) name = lower(name);
  return names;
}

PeerCertificate describe(X509& certificate) {
  PeerCertificate said;
  said.uri_names = alternative_names(certificate, GEN_URI);
  said.dns_names = alternative_names(certificate, GEN_DNS);
  const BioPtr subject(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(subject.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  said.subject = text_of(*subject);
  const BioPtr serial(BIO_new(BIO_s_mem()));
  i2a_ASN1_INTEGER(serial.get(), X509_get0_serialNumber(&certificate));
  said.serial = text_of(*serial);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) == 1)
    for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(said.sha256), "{:02x}", digest[i]);
  return said;
}

bool name_covers(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return pattern == name;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot != 0 && name.substr(dot) == pattern.substr(1);
}

}  // namespace pintle::net::tls
