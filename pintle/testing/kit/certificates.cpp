#include <pintle/testing/kit/certificates.hpp>

#include <ctime>
#include <stdexcept>
#include <utility>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <pintle/base/freed.hpp>

namespace pintle::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL can't make the certificate");
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr);
  return key;
}

void extend(X509& certificate, X509& issuer, int kind, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str());
  require(extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate blank(EVP_PKEY& key, std::string_view name, std::chrono::seconds from, std::chrono::seconds to) {
  Certificate certificate(X509_new());
  X509* c = certificate.get();
  X509_set_version(c, X509_VERSION_3);
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial >> 1);
  const std::time_t now = std::time(nullptr);
  ASN1_TIME_set(X509_getm_notBefore(c), now + from.count());
  ASN1_TIME_set(X509_getm_notAfter(c), now + to.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  require(X509_set_pubkey(c, &key) == 1);
  return certificate;
}

template <class Write>
std::string pem(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

struct TestAuthority::Impl {
  explicit Impl(std::string_view name)
      : certificate(blank(*key, name, std::chrono::hours(-1), std::chrono::hours(87'600))) {}

  void sign(Impl& issuer) {
    X509& own = *certificate;
    X509_set_issuer_name(&own, X509_get_subject_name(issuer.certificate.get()));
    extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
    extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(own, own, NID_subject_key_identifier, "hash");
    require(X509_sign(&own, issuer.key.get(), EVP_sha256()) != 0);
  }

  Key key = new_key();
  Certificate certificate;
};

TestAuthority::TestAuthority(std::string_view name) : impl_(std::make_unique<Impl>(name)) { impl_->sign(*impl_); }

TestAuthority::TestAuthority(std::string_view name, const TestAuthority& above) : impl_(std::make_unique<Impl>(name)) {
  impl_->sign(*above.impl_);
}

TestAuthority::~TestAuthority() = default;

std::string TestAuthority::roots() const {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, impl_->certificate.get()); });
}

TestAuthority::Issued TestAuthority::issue(const CertificateWish& wish) const {
  const Key key = new_key();
  const Certificate made = blank(*key, wish.common_name_, wish.from_, wish.to_);
  X509& issuer = *impl_->certificate;
  X509_set_issuer_name(made.get(), X509_get_subject_name(&issuer));
  extend(*made, issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(*made, issuer, NID_key_usage, "critical,digitalSignature");
  extend(*made, issuer, NID_ext_key_usage, wish.usage_);
  extend(*made, issuer, NID_authority_key_identifier, "keyid");
  if (!wish.names_.empty()) extend(*made, issuer, NID_subject_alt_name, wish.names_);
  require(X509_sign(made.get(), impl_->key.get(), EVP_sha256()) != 0);
  Issued issued;
  issued.certificate = pem([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); });
  issued.key =
      pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return issued;
}

std::string TestAuthority::revocations(const std::vector<Issued>& revoked, std::chrono::seconds valid_for) const {
  const std::unique_ptr<X509_CRL, Freed<X509_CRL_free>> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(impl_->certificate.get()));
  const std::time_t now = std::time(nullptr);
  const std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>> last(ASN1_TIME_set(nullptr, now - 3600)),
      next(ASN1_TIME_set(nullptr, now + valid_for.count()));
  X509_CRL_set1_lastUpdate(list.get(), last.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const Issued& one : revoked) {
    const Bio bio(BIO_new_mem_buf(one.certificate.data(), static_cast<int>(one.certificate.size())));
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, last.get());
    require(X509_CRL_add0_revoked(list.get(), entry) == 1);
  }
  X509_CRL_sort(list.get());
  require(X509_CRL_sign(list.get(), impl_->key.get(), EVP_sha256()) != 0);
  return pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

}  // namespace pintle::testing
