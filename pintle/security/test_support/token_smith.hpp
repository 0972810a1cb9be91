// Makes keys and signs tokens, right ones and wrong ones, for tests.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <pintle/security/jwt/base64url.hpp>
#include <pintle/security/jwt/jws_algorithm.hpp>

namespace pintle::test {

// A private key. Copies share it.
class SigningKey {
 public:
  static SigningKey rsa(unsigned bits = 2048) { return SigningKey(EVP_RSA_gen(bits)); }
  static SigningKey ec(const char* curve = "P-256") { return SigningKey(EVP_EC_gen(curve)); }
  static SigningKey ed25519() { return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }
  static SigningKey secret(std::string bytes) {
    SigningKey key(nullptr);
    key.secret_ = std::move(bytes);
    return key;
  }
  // One for each kind of algorithm.
  static SigningKey for_algorithm(JwsAlgorithm algorithm) {
    switch (algorithm) {
      case JwsAlgorithm::es256:
        return ec("P-256");
      case JwsAlgorithm::es384:
        return ec("P-384");
      case JwsAlgorithm::es512:
        return ec("P-521");
      case JwsAlgorithm::eddsa:
        return ed25519();
      case JwsAlgorithm::hs256:
      case JwsAlgorithm::hs384:
      case JwsAlgorithm::hs512:
        return secret(std::string(64, 's'));
      default:
        return rsa();
    }
  }

  // The members of its public JWK, without braces: `"kty":"EC",...`.
  std::string public_members() const {
    const int type = EVP_PKEY_get_base_id(key_.get());
    if (type == EVP_PKEY_RSA) return R"("kty":"RSA","n":")" + number("n") + R"(","e":")" + number("e") + '"';
    if (type == EVP_PKEY_EC) {
      const std::size_t size = (static_cast<std::size_t>(EVP_PKEY_get_bits(key_.get())) + 7) / 8;
      const std::string curve = size == 32 ? "P-256" : size == 48 ? "P-384" : "P-521";
      return R"("kty":"EC","crv":")" + curve + R"(","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, size) + R"(","y":")" +
             number(OSSL_PKEY_PARAM_EC_PUB_Y, size) + '"';
    }
    std::string raw(64, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    return R"("kty":"OKP","crv":"Ed25519","x":")" + encode_base64url(std::string_view(raw).substr(0, size)) + '"';
  }
  std::string jwk(std::string_view kid = "", std::string_view more = "") const {
    std::string text = "{" + public_members();
    if (!kid.empty()) text += R"(,"kid":")" + std::string(kid) + '"';
    if (!more.empty()) text += "," + std::string(more);
    return text + "}";
  }
  std::string pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string out(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
  }

  // As JWS carries it.
  std::string sign(JwsAlgorithm algorithm, std::string_view input) const {
    const EVP_MD* const digest = digest_of(algorithm);
    const auto* data = reinterpret_cast<const unsigned char*>(input.data());
    if (key_ == nullptr) {
      unsigned char out[EVP_MAX_MD_SIZE];
      unsigned size = 0;
      HMAC(digest, secret_.data(), static_cast<int>(secret_.size()), data, input.size(), out, &size);
      return {reinterpret_cast<char*>(out), size};
    }
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* pkey = nullptr;
    EVP_DigestSignInit(context, &pkey, digest, nullptr, key_.get());
    if (algorithm >= JwsAlgorithm::ps256 && algorithm <= JwsAlgorithm::ps512) {
      EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST);
    }
    std::size_t size = 0;
    EVP_DigestSign(context, nullptr, &size, data, input.size());
    std::string out(size, '\0');
    if (EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size, data, input.size()) != 1)
      throw std::runtime_error("can't sign");
    out.resize(size);
    EVP_MD_CTX_free(context);
    return algorithm >= JwsAlgorithm::es256 && algorithm <= JwsAlgorithm::es512 ? side_by_side(out) : out;
  }
  // The token of these two JSON texts, signed.
  std::string token(JwsAlgorithm algorithm, std::string_view header, std::string_view payload) const {
    const std::string input = encode_base64url(header) + "." + encode_base64url(payload);
    return input + "." + encode_base64url(sign(algorithm, input));
  }

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  static const EVP_MD* digest_of(JwsAlgorithm algorithm) {
    if (algorithm == JwsAlgorithm::eddsa) return nullptr;
    const std::string_view name = name_of(algorithm);
    return name.ends_with("256") ? EVP_sha256() : name.ends_with("384") ? EVP_sha384() : EVP_sha512();
  }
  std::string number(const char* name, std::size_t size = 0) const {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &n);
    std::string bytes(size != 0 ? size : static_cast<std::size_t>(BN_num_bytes(n)), '\0');
    BN_bn2binpad(n, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(n);
    return encode_base64url(bytes);
  }
  std::string side_by_side(const std::string& der) const {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    const std::size_t size = (static_cast<std::size_t>(EVP_PKEY_get_bits(key_.get())) + 7) / 8;
    std::string out(2 * size, '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, static_cast<int>(size));
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + size, static_cast<int>(size));
    ECDSA_SIG_free(pair);
    return out;
  }

  std::shared_ptr<EVP_PKEY> key_;
  std::string secret_;
};

}  // namespace pintle::test
