// Tokens that are signed here are believed by the verifier that the product ships.
#include <pintle/security/credentials/self_signed_token.hpp>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <pintle/security/jwt/base64url.hpp>
#include <pintle/security/jwt/verification_key.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

std::string pem_of(EVP_PKEY* key, bool is_private, const char* passphrase = nullptr) {
  BIO* const bio = BIO_new(BIO_s_mem());
  if (is_private)
    PEM_write_bio_PrivateKey(bio, key, passphrase != nullptr ? EVP_aes_256_cbc() : nullptr, nullptr, 0, nullptr,
                             const_cast<char*>(passphrase));
  else
    PEM_write_bio_PUBKEY(bio, key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

struct Pair {
  explicit Pair(EVP_PKEY* made) : key(made) {}
  Pair(const Pair&) = delete;
  ~Pair() { EVP_PKEY_free(key); }
  EVP_PKEY* key;
};

SelfSignedOptions options_at(WallTime& now) {
  SelfSignedOptions options;
  options.issuer = options.subject = "shop";
  options.audience = "items";
  options.key_id = "k1";
  options.now = [&now] { return now; };
  return options;
}

TEST(SelfSignedTokenTest, IsBelievedWithTheKeysOtherHalf) {
  WallTime now = std::chrono::system_clock::from_time_t(1'800'000'000);
  struct Kind {
    EVP_PKEY* key;
    JwsAlgorithm algorithm;
  };
  for (const auto& [key, algorithm] :
       {Kind{EVP_RSA_gen(2048), JwsAlgorithm::rs256}, Kind{EVP_EC_gen("P-256"), JwsAlgorithm::es256},
        Kind{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), JwsAlgorithm::eddsa}}) {
    const Pair pair(key);
    const auto source = SelfSignedToken::create(pem_of(key, true), options_at(now));
    ASSERT_TRUE(source) << source.error();
    const std::string token = **(*source)->token();
    const std::size_t dot = token.rfind('.');
    const auto other_half = VerificationKey::from_pem(pem_of(key, false));
    ASSERT_TRUE(other_half) << other_half.error();
    EXPECT_TRUE(other_half->verify(algorithm, token.substr(0, dot), *decode_base64url(token.substr(dot + 1))));
    ClaimRules rules;
    rules.issuer = "shop";
    rules.audiences = {"items"};
    const std::size_t first = token.find('.');
    const auto who = identity_of(rules, *decode_base64url(token.substr(first + 1, dot - first - 1)), now + 9min);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->subject(), "shop");
    EXPECT_FALSE(identity_of(rules, *decode_base64url(token.substr(first + 1, dot - first - 1)), now + 11min));
  }
}

TEST(SelfSignedTokenTest, IsUsedForFourFifthsOfItsLife) {
  WallTime now = std::chrono::system_clock::from_time_t(1'800'000'000);
  const Pair pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const auto source = SelfSignedToken::create(pem_of(pair.key, true), options_at(now));
  const std::string first = **(*source)->token();
  now += 8min - 1s;
  EXPECT_EQ(**(*source)->token(), first);
  now += 1s;
  EXPECT_NE(**(*source)->token(), first);
}

TEST(SelfSignedTokenTest, WhatIsNoKeyThatWillDoIsRefusedWithItsReason) {
  WallTime now;
  const auto why = [&](const std::string& pem) { return SelfSignedToken::create(pem, options_at(now)).error(); };
  const Pair weak(EVP_RSA_gen(1024)), curve(EVP_EC_gen("P-384")), good(EVP_RSA_gen(2048));
  EXPECT_EQ(why(""), "it is no private key in PEM without passphrase");
  EXPECT_EQ(why(pem_of(good.key, false)), "it is no private key in PEM without passphrase");
  EXPECT_EQ(why(pem_of(good.key, true, "secret")), "it is no private key in PEM without passphrase");
  EXPECT_EQ(why(pem_of(weak.key, true)), "an RSA key has 2048 bits at least");
  EXPECT_EQ(why(pem_of(curve.key, true)), "of elliptic curves P-256 and Ed25519 will do");
}

}  // namespace
}  // namespace pintle
