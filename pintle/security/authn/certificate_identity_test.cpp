#include <pintle/security/authn/certificate_identity.hpp>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::ElementsAre;

TlsInfo shown(std::vector<std::string> uris, std::vector<std::string> dns, std::string subject = "CN=api") {
  TlsInfo tls;
  tls.has_certificate = true;
  tls.certificate.uri_names = std::move(uris);
  tls.certificate.dns_names = std::move(dns);
  tls.certificate.subject = std::move(subject);
  return tls;
}
std::string subject_of(const TlsInfo& tls, const CertificateRules& rules = {}) {
  const auto identity = identity_of(rules, &tls);
  return identity != nullptr ? identity->subject() : "nobody";
}

TEST(CertificateIdentity, UriBeforeDnsBeforeSubject) {
  EXPECT_EQ(subject_of(shown({"spiffe://shop/api"}, {"api.shop"})), "spiffe://shop/api");
  EXPECT_EQ(subject_of(shown({}, {"api.shop", "b"})), "api.shop");
  EXPECT_EQ(subject_of(shown({}, {})), "CN=api");
  EXPECT_EQ(subject_of(shown({}, {}, "")), "nobody");
  const TlsInfo both = shown({"u"}, {"d"});
  EXPECT_THAT(identity_of({}, &both)->certificate_names(), ElementsAre("u", "d"));
}

TEST(CertificateIdentity, WithoutOneThereIsNobody) {
  EXPECT_EQ(identity_of({}, nullptr), nullptr);
  TlsInfo tls = shown({"u"}, {});
  tls.has_certificate = false;
  EXPECT_EQ(subject_of(tls), "nobody");
}

TEST(CertificateIdentity, SpiffeHasOneUriOfATrustedDomain) {
  CertificateRules rules;
  rules.spiffe_domains = {"shop.example"};
  EXPECT_EQ(subject_of(shown({"spiffe://shop.example/ns/a/sa/api"}, {"d"}), rules),
            "spiffe://shop.example/ns/a/sa/api");
  for (const auto& uris : std::vector<std::vector<std::string>>{{},
                                                                {"spiffe://other/api"},
                                                                {"spiffe://shop.example.evil/api"},
                                                                {"spiffe://SHOP.example/api"},
                                                                {"spiffe://shop.example@evil/api"},
                                                                {"SPIFFE://shop.example/api"},
                                                                {"https://shop.example/api"},
                                                                {"spiffe://shop.example/a", "spiffe://shop.example/b"},
                                                                {"spiffe://shop.example/a", "https://x"},
                                                                {"spiffe://shop.example/a//b"},
                                                                {"spiffe://shop.example/../b"},
                                                                {"spiffe://shop.example/a/"},
                                                                {"spiffe://shop.example/a%2fb"},
                                                                {"spiffe://shop.example/a?x=y"}})
    EXPECT_EQ(subject_of(shown(uris, {"api.shop"}), rules), "nobody") << (uris.empty() ? "none" : uris.front());
}

}  // namespace
}  // namespace pintle
