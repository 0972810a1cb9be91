#include <pintle/security/credentials/self_signed_token.hpp>

#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <pintle/base/freed.hpp>
#include <pintle/security/jwt/base64url.hpp>

namespace pintle {

namespace {

using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

// JOSE has both numbers side by side (RFC 7518 section 3.4), OpenSSL has them in DER.
std::string side_by_side(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const EcSignature both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (both == nullptr) return {};
  std::string out(64, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  const bool fits = BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), to, 32) == 32 &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), to + 32, 32) == 32;
  return fits ? out : std::string();
}

}  // namespace

struct SelfSignedToken::Key {
  Pkey key;
  std::string_view algorithm;
  const EVP_MD* digest;  // null: the algorithm has its own

  // Empty: OpenSSL would not.
  std::string sign(std::string_view text) const {
    const Digest context(EVP_MD_CTX_new());
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
      return {};
    std::string signature(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) !=
        1)
      return {};
    signature.resize(size);
    return algorithm == "ES256" ? side_by_side(signature) : signature;
  }
};

SelfSignedToken::SelfSignedToken(std::unique_ptr<Key> key, SelfSignedOptions options)
    : key_(std::move(key)), options_(std::move(options)) {}

SelfSignedToken::~SelfSignedToken() = default;

std::expected<std::shared_ptr<SelfSignedToken>, std::string> SelfSignedToken::create(std::string_view pem,
                                                                                     SelfSignedOptions options) {
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // A key with a passphrase is refused instead of asking a terminal for it.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Pkey key(text != nullptr ? PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (key == nullptr) return std::unexpected("it is no private key in PEM without passphrase");
  auto made = std::make_unique<Key>();
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(key.get()) < 2048) return std::unexpected("an RSA key has 2048 bits at least");
      made->algorithm = "RS256";
      made->digest = EVP_sha256();
      break;
    case EVP_PKEY_EC:
      if (EVP_PKEY_get_bits(key.get()) != 256) return std::unexpected("of elliptic curves P-256 and Ed25519 will do");
      made->algorithm = "ES256";
      made->digest = EVP_sha256();
      break;
    case EVP_PKEY_ED25519:
      made->algorithm = "EdDSA";
      made->digest = nullptr;
      break;
    default:
      return std::unexpected("it is neither RSA nor P-256 nor Ed25519");
  }
  made->key = std::move(key);
  if (options.now == nullptr)
    options.now = [] { return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now()); };
  return std::shared_ptr<SelfSignedToken>(new SelfSignedToken(std::move(made), std::move(options)));
}

Result<std::shared_ptr<const std::string>> SelfSignedToken::token() const {
  const WallTime now = options_.now();
  const std::lock_guard lock(mutex_);
  if (token_ != nullptr && now < fresh_until_) return token_;
  const auto seconds = [](WallTime at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
  };
  boost::json::object head, claims;
  head["alg"] = key_->algorithm;
  head["typ"] = "JWT";
  if (!options_.key_id.empty()) head["kid"] = options_.key_id;
  claims["iss"] = options_.issuer;
  claims["sub"] = options_.subject;
  claims["aud"] = options_.audience;
  claims["iat"] = seconds(now);
  claims["exp"] = seconds(now + options_.life);
  std::string text =
      encode_base64url(boost::json::serialize(head)) + '.' + encode_base64url(boost::json::serialize(claims));
  const std::string signature = key_->sign(text);
  if (signature.empty())
    return std::unexpected(
        Status(Code::unavailable, "there is no token to send: it could not be signed", Origin::library));
  token_ = std::make_shared<const std::string>(text + '.' + encode_base64url(signature));
  fresh_until_ = now + options_.life / 5 * 4;
  return token_;
}

}  // namespace pintle
