#include <pintle/security/jwt/key_set.hpp>

#include <gmock/gmock.h>

#include <pintle/security/test_support/token_smith.hpp>

namespace pintle {
namespace {

using test::SigningKey;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string set_of(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text += (text.ends_with('[') ? "" : ",") + key;
  return text + "]}";
}

std::string refusal(const std::string& jwk) {
  const auto key = VerificationKey::from_jwk(jwk);
  return key ? "accepted" : key.error();
}

TEST(VerificationKey, ChecksWhatItsOwnKindSigned) {
  for (std::size_t i = 0; i < kJwsAlgorithms; ++i) {
    const auto algorithm = static_cast<JwsAlgorithm>(i);
    const SigningKey signer = SigningKey::for_algorithm(algorithm);
    const auto key = algorithm < JwsAlgorithm::hs256 ? VerificationKey::from_jwk(signer.jwk())
                                                     : VerificationKey::from_secret(std::string(64, 's'), algorithm);
    ASSERT_TRUE(key) << name_of(algorithm) << ": " << key.error();
    std::string signature = signer.sign(algorithm, "text");
    EXPECT_TRUE(key->verify(algorithm, "text", signature)) << name_of(algorithm);
    EXPECT_FALSE(key->verify(algorithm, "texT", signature)) << name_of(algorithm);
    EXPECT_FALSE(key->verify(algorithm, "text", signature + '\0')) << name_of(algorithm);
    signature.front() = static_cast<char>(signature.front() ^ 1);
    EXPECT_FALSE(key->verify(algorithm, "text", signature)) << name_of(algorithm);
    for (std::size_t j = 0; j < kJwsAlgorithms; ++j)
      if (!key->fits(static_cast<JwsAlgorithm>(j))) {
        EXPECT_FALSE(key->verify(static_cast<JwsAlgorithm>(j), "text", signer.sign(algorithm, "text")));
      }
  }
}

TEST(VerificationKey, ItsJwksAlgorithmIsTheOnlyOne) {
  const auto key = VerificationKey::from_jwk(SigningKey::rsa().jwk("k", R"("alg":"PS256")"));
  EXPECT_TRUE(key->fits(JwsAlgorithm::ps256));
  EXPECT_FALSE(key->fits(JwsAlgorithm::rs256));
  EXPECT_EQ(key->kid(), "k");
}

TEST(VerificationKey, WhatIsNoKeyForThisIsRefused) {
  const SigningKey rsa = SigningKey::rsa(), ec = SigningKey::ec();
  EXPECT_THAT(refusal(SigningKey::rsa(1024).jwk()), HasSubstr("2048"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("use":"enc")")), HasSubstr("use"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("use":7)")), HasSubstr("use"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("key_ops":["sign"])")), HasSubstr("key_ops"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("key_ops":"verify")")), HasSubstr("key_ops"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("d":"AA")")), HasSubstr("private"));
  EXPECT_THAT(refusal(R"({"kty":"oct","k":"AAAA"})"), HasSubstr("symmetric"));
  EXPECT_THAT(refusal(R"({"kty":"oct"})"), HasSubstr("kind"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("alg":"ES256")")), HasSubstr("none for its kind"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("alg":"HS256")")), HasSubstr("none for its kind"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("alg":"none")")), HasSubstr("not known"));
  EXPECT_THAT(refusal(ec.jwk("", R"("alg":"ES384")")), HasSubstr("none for its kind"));
  EXPECT_THAT(refusal(rsa.jwk(std::string(257, 'k'))), HasSubstr("256"));
  EXPECT_THAT(refusal(rsa.jwk("", R"("kid":7)")), HasSubstr("kid"));
  EXPECT_THAT(refusal("{" + rsa.public_members() + R"(,"n":"AA"})"), HasSubstr("no JSON"));
  EXPECT_THAT(refusal(R"({"kty":"RSA","n":"AQAB"})"), HasSubstr("without n or e"));
  EXPECT_THAT(refusal(R"({"kty":"RSA","n":")" + std::string(400, 'A') + R"(","e":"AQAB"})"), ::testing::Ne("accepted"));
  EXPECT_THAT(refusal(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"), HasSubstr("length"));
  EXPECT_THAT(refusal(R"({"kty":"EC","crv":"P-256","x":")" + std::string(43, 'A') + R"(","y":")" +
                      std::string(43, 'A') + R"("})"),
              HasSubstr("no point"));
  EXPECT_THAT(refusal(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"), HasSubstr("not known"));
  EXPECT_THAT(refusal(R"({"kty":"OKP","crv":"X25519","x":"AA"})"), HasSubstr("not known"));
  EXPECT_THAT(refusal(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"), HasSubstr("length"));
}

TEST(VerificationKey, AnExponentOfOneSignsEverything) {
  const std::string jwk = SigningKey::rsa().jwk();
  const std::string weak = jwk.substr(0, jwk.find(R"("e":)")) + R"("e":"AQ"})";
  EXPECT_THAT(refusal(weak), HasSubstr("exponent"));
}

TEST(VerificationKey, ASecretIsAtLeastAsLongAsItsHash) {
  EXPECT_FALSE(VerificationKey::from_secret(std::string(31, 'x'), JwsAlgorithm::hs256));
  EXPECT_TRUE(VerificationKey::from_secret(std::string(32, 'x'), JwsAlgorithm::hs256));
  EXPECT_FALSE(VerificationKey::from_secret(std::string(63, 'x'), JwsAlgorithm::hs512));
  EXPECT_FALSE(VerificationKey::from_secret("", JwsAlgorithm::hs256));
  EXPECT_FALSE(VerificationKey::from_secret(std::string(64, 'x'), JwsAlgorithm::rs256));
}

TEST(VerificationKey, ComesFromPemToo) {
  const SigningKey signer = SigningKey::ec();
  const auto key = VerificationKey::from_pem(signer.pem(), "k");
  ASSERT_TRUE(key) << key.error();
  EXPECT_TRUE(key->verify(JwsAlgorithm::es256, "text", signer.sign(JwsAlgorithm::es256, "text")));
  EXPECT_FALSE(VerificationKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
}

TEST(KeySet, FindsAKeyByItsExactName) {
  const SigningKey one = SigningKey::ec(), two = SigningKey::rsa();
  std::vector<std::string> left_out;
  const auto set = KeySet::from_jwks(set_of({one.jwk("one"), two.jwk("two")}), &left_out);
  ASSERT_TRUE(set) << set.error();
  EXPECT_NE(set->find("one", JwsAlgorithm::es256), nullptr);
  EXPECT_EQ(set->find("one", JwsAlgorithm::rs256), nullptr) << "it does not fit";
  for (const char* other : {"On e", "ONE", "one ", "", "../one", "one' OR '1'='1"})
    EXPECT_EQ(set->find(other, JwsAlgorithm::es256), nullptr) << other;
}

TEST(KeySet, ATokenWithoutANameMayMeanOneKeyOnly) {
  const SigningKey one = SigningKey::ec(), two = SigningKey::ec(), three = SigningKey::rsa();
  const auto set = KeySet::from_jwks(set_of({one.jwk("one"), two.jwk("two"), three.jwk("three")}), nullptr);
  EXPECT_EQ(set->find(std::nullopt, JwsAlgorithm::es256), nullptr);
  EXPECT_NE(set->find(std::nullopt, JwsAlgorithm::rs256), nullptr);
  EXPECT_EQ(set->find(std::nullopt, JwsAlgorithm::eddsa), nullptr);
}

TEST(KeySet, LeavesOutWhatItCantUseAndSaysSo) {
  std::vector<std::string> left_out;
  const auto set = KeySet::from_jwks(
      set_of({R"({"kty":"new"})", SigningKey::rsa(1024).jwk("weak"), "7", SigningKey::ec().jwk("good")}), &left_out);
  ASSERT_TRUE(set) << set.error();
  EXPECT_EQ(set->size(), 1u);
  EXPECT_THAT(left_out,
              ElementsAre(HasSubstr("keys[0]"), HasSubstr("keys[1]: an RSA key of less"), HasSubstr("keys[2]")));
}

TEST(KeySet, RefusesAWholeThatIsNone) {
  const std::string key = SigningKey::ec().jwk("k");
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), std::string(R"({"keys":{}})"), set_of({}), set_of({key, key}),
        set_of({R"({"kty":"new"})"}), key, R"({"keys":[],"keys":[)" + key + "]}", std::string("<html>")})
    EXPECT_FALSE(KeySet::from_text(bad, nullptr)) << bad;
}

TEST(KeySet, OneOfPemIsMeantByEveryName) {
  const SigningKey signer = SigningKey::ec();
  const auto set = KeySet::from_text(signer.pem(), nullptr);
  EXPECT_NE(set->find("whatever", JwsAlgorithm::es256), nullptr);
  EXPECT_NE(set->find(std::nullopt, JwsAlgorithm::es256), nullptr);
  EXPECT_EQ(set->find(std::nullopt, JwsAlgorithm::rs256), nullptr);
}

}  // namespace
}  // namespace pintle
