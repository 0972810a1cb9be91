#include <pintle/security/jwt/verification_key.hpp>

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <pintle/base/freed.hpp>
#include <pintle/security/jwt/base64url.hpp>
#include <pintle/security/jwt/internal/strict_json.hpp>

namespace pintle {

namespace {

namespace json = boost::json;

using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using BuildPtr = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;

using Failure = std::unexpected<std::string>;

constexpr int kLeastRsaBits = 2048, kMostRsaBits = 16384;
constexpr std::size_t kLongestKid = 256;

constexpr std::uint32_t bit(JwsAlgorithm algorithm) { return 1u << static_cast<unsigned>(algorithm); }
constexpr std::uint32_t bits(std::initializer_list<JwsAlgorithm> all) {
  std::uint32_t out = 0;
  for (const JwsAlgorithm a : all) out |= bit(a);
  return out;
}

const EVP_MD* digest_of(JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::rs256:
    case JwsAlgorithm::ps256:
    case JwsAlgorithm::es256:
    case JwsAlgorithm::hs256:
      return EVP_sha256();
    case JwsAlgorithm::rs384:
    case JwsAlgorithm::ps384:
    case JwsAlgorithm::es384:
    case JwsAlgorithm::hs384:
      return EVP_sha384();
    case JwsAlgorithm::rs512:
    case JwsAlgorithm::ps512:
    case JwsAlgorithm::es512:
    case JwsAlgorithm::hs512:
      return EVP_sha512();
    case JwsAlgorithm::eddsa:
      break;  // it has its own
  }
  return nullptr;
}

bool is_pss(JwsAlgorithm algorithm) { return algorithm >= JwsAlgorithm::ps256 && algorithm <= JwsAlgorithm::ps512; }
bool is_ecdsa(JwsAlgorithm algorithm) { return algorithm >= JwsAlgorithm::es256 && algorithm <= JwsAlgorithm::es512; }

struct Curve {
  std::string_view name;  // of JOSE
  const char* group;      // of OpenSSL
  std::size_t size;       // of a coordinate
  JwsAlgorithm algorithm;
};
constexpr Curve kCurves[] = {{"P-256", "prime256v1", 32, JwsAlgorithm::es256},
                             {"P-384", "secp384r1", 48, JwsAlgorithm::es384},
                             {"P-521", "secp521r1", 66, JwsAlgorithm::es512}};

std::size_t coordinate_size(JwsAlgorithm algorithm) {
  return std::ranges::find(kCurves, algorithm, &Curve::algorithm)->size;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Keys of a generator that made its primes as powers of 65537 can be factored (CVE-2017-15361): their moduli lie, for
// each of many small primes, in the group that 65537 generates.
bool is_roca_weak(const BIGNUM& modulus) {
  constexpr std::array<BN_ULONG, 38> kPrimes = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                                47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                                107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
  return std::ranges::all_of(kPrimes, [&](BN_ULONG prime) {
    const BN_ULONG residue = BN_mod_word(&modulus, prime);
    BN_ULONG power = 1;
    do {
      if (power == residue) return true;
      power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
  });
}

// What is wrong with an RSA key; empty: nothing.
std::string weakness_of(const EVP_PKEY& key) {
  const int size = EVP_PKEY_get_bits(&key);
  if (size < kLeastRsaBits) return "an RSA key of less than 2048 bits";
  if (size > kMostRsaBits) return "an RSA key of more than 16384 bits";
  BIGNUM *n = nullptr, *e = nullptr;
  EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_N, &n);
  EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_E, &e);
  const NumberPtr modulus(n), exponent(e);
  if (n == nullptr || e == nullptr || BN_is_odd(n) == 0) return "an RSA key without a modulus";
  if (BN_is_odd(e) == 0 || BN_is_one(e) != 0 || BN_num_bits(e) > 64) return "an RSA key whose exponent is unsafe";
  if (is_roca_weak(*n)) return "an RSA key of a generator that is known to be weak (ROCA)";
  return {};
}

std::expected<std::uint32_t, std::string> algorithms_of(const EVP_PKEY& key) {
  using enum JwsAlgorithm;
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA: {
      const std::string weakness = weakness_of(key);
      if (!weakness.empty()) return Failure(weakness);
      return bits({rs256, rs384, rs512, ps256, ps384, ps512});
    }
    case EVP_PKEY_RSA_PSS: {
      const std::string weakness = weakness_of(key);
      if (!weakness.empty()) return Failure(weakness);
      return bits({ps256, ps384, ps512});
    }
    case EVP_PKEY_EC: {
      std::array<char, 64> group{};
      std::size_t size = 0;
      EVP_PKEY_get_group_name(&key, group.data(), group.size(), &size);
      for (const Curve& curve : kCurves)
        if (curve.group == std::string_view(group.data(), size)) return bit(curve.algorithm);
      return Failure("a key on the curve " + std::string(group.data(), size) + ", which JOSE does not sign with");
    }
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
      return bit(eddsa);
    default:
      return Failure("a key of a kind that JOSE does not sign with");
  }
}

KeyPtr key_from(const char* type, OSSL_PARAM_BLD& build) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(&build));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return KeyPtr(key);
}

bool is_a_point_of_its_curve(EVP_PKEY& key) {
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr));
  return context != nullptr && EVP_PKEY_public_check(context.get()) == 1;
}

NumberPtr number_of(std::string_view bytes) {
  return NumberPtr(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

// The bytes of a member in base64url; nothing where it is not there or not that.
std::optional<std::string> bytes_at(const json::object& jwk, std::string_view member) {
  const json::string* text = jwt::text_at(jwk, member);
  if (text == nullptr) return std::nullopt;
  auto bytes = decode_base64url(std::string_view(text->data(), text->size()));
  return bytes && !bytes->empty() ? std::move(bytes) : std::nullopt;
}

std::expected<KeyPtr, std::string> rsa_of(const json::object& jwk) {
  const auto n = bytes_at(jwk, "n"), e = bytes_at(jwk, "e");
  if (!n || !e) return Failure("an RSA key without n or e");
  if (n->size() > kMostRsaBits / CHAR_BIT + 1) return Failure("an RSA key of more than 16384 bits");
  const NumberPtr modulus = number_of(*n), exponent = number_of(*e);
  const BuildPtr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  KeyPtr key = key_from("RSA", *build);
  if (key == nullptr) return Failure("an RSA key that can't be read");
  return key;
}

std::expected<KeyPtr, std::string> ec_of(const json::object& jwk) {
  const json::string* name = jwt::text_at(jwk, "crv");
  const auto x = bytes_at(jwk, "x"), y = bytes_at(jwk, "y");
  if (name == nullptr || !x || !y) return Failure("a key of kind EC without crv, x or y");
  const auto* const curve = std::ranges::find(kCurves, std::string_view(name->data(), name->size()), &Curve::name);
  if (curve == std::end(kCurves)) return Failure("a key on a curve that is not known");
  if (x->size() != curve->size || y->size() != curve->size)
    return Failure("a key whose coordinates have the wrong length for its curve");  // RFC 7518 section 6.2.1.2
  const std::string point = "\x04" + *x + *y;
  const BuildPtr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  KeyPtr key = key_from("EC", *build);
  if (key == nullptr || !is_a_point_of_its_curve(*key)) return Failure("a key that is no point of its curve");
  return key;
}

std::expected<KeyPtr, std::string> okp_of(const json::object& jwk) {
  const json::string* name = jwt::text_at(jwk, "crv");
  const auto x = bytes_at(jwk, "x");
  if (name == nullptr || !x) return Failure("a key of kind OKP without crv or x");
  const int type = *name == "Ed25519" ? EVP_PKEY_ED25519 : *name == "Ed448" ? EVP_PKEY_ED448 : EVP_PKEY_NONE;
  if (type == EVP_PKEY_NONE) return Failure("a key on a curve that is not known");
  KeyPtr key(EVP_PKEY_new_raw_public_key(type, nullptr, bytes_of(*x), x->size()));
  if (key == nullptr) return Failure("a key whose length is wrong for its curve");
  return key;
}

// OpenSSL's queue of errors is the thread's: what a stranger's token leaves there would be taken for the next one's.
struct ErrorsForgotten {
  ErrorsForgotten() = default;
  ErrorsForgotten(const ErrorsForgotten&) = delete;
  ~ErrorsForgotten() { ERR_clear_error(); }
};

// What the members for people and programs say against its use; empty: nothing.
std::string objection_to(const json::object& jwk) {
  for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
    if (jwk.contains(secret)) return "a private or symmetric key where public ones belong";
  if (jwk.contains("use")) {
    const json::string* use = jwt::text_at(jwk, "use");
    if (use == nullptr || *use != "sig") return "a key that is not for signatures (use)";
  }
  if (const json::value* operations = jwk.if_contains("key_ops")) {
    const json::array* all = operations->if_array();
    if (all == nullptr || std::ranges::find(*all, json::value("verify")) == all->end())
      return "a key that is not for verification (key_ops)";
  }
  return {};
}

// A JWS signature of ECDSA, r and s side by side, as OpenSSL wants it; empty when it has not exactly their length.
std::string der_of(std::string_view signature, std::size_t size) {
  if (signature.size() != 2 * size) return {};
  const SignaturePtr pair(ECDSA_SIG_new());
  NumberPtr r = number_of(signature.substr(0, size)), s = number_of(signature.substr(size));
  if (pair == nullptr || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  if (length <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

}  // namespace

struct VerificationKey::Material {
  KeyPtr key;          // null: a secret
  std::string secret;  // for HMAC
  std::uint32_t fits = 0;
};

std::expected<VerificationKey, std::string> VerificationKey::of(Material material, std::string kid,
                                                                std::optional<JwsAlgorithm> only) {
  if (kid.size() > kLongestKid) return Failure("a key whose kid is longer than 256 bytes");
  VerificationKey made;
  made.kid_ = std::move(kid);
  made.fits_ = only ? material.fits & bit(*only) : material.fits;
  if (made.fits_ == 0) return Failure("a key whose alg is none for its kind");
  made.material_ = std::make_shared<const Material>(std::move(material));
  return made;
}

std::expected<VerificationKey, std::string> VerificationKey::from_jwk(std::string_view text) {
  const ErrorsForgotten after;
  const auto jwk = jwt::parse_object(text);
  if (!jwk) return Failure("no JSON object");
  if (std::string objection = objection_to(*jwk); !objection.empty()) return Failure(std::move(objection));
  const json::string* kty = jwt::text_at(*jwk, "kty");
  if (kty == nullptr) return Failure("a key without kty");
  auto key = *kty == "RSA"   ? rsa_of(*jwk)
             : *kty == "EC"  ? ec_of(*jwk)
             : *kty == "OKP" ? okp_of(*jwk)
                             : std::expected<KeyPtr, std::string>(Failure("a key of a kind that is not known (kty)"));
  if (!key) return Failure(std::move(key).error());
  const auto fits = algorithms_of(**key);
  if (!fits) return Failure(fits.error());
  std::optional<JwsAlgorithm> only;
  if (jwk->contains("alg")) {
    const json::string* alg = jwt::text_at(*jwk, "alg");
    only = alg != nullptr ? jws_algorithm(std::string_view(alg->data(), alg->size())) : std::nullopt;
    if (!only) return Failure("a key for an algorithm that is not known (alg)");
  }
  std::string kid;
  if (jwk->contains("kid")) {
    const json::string* named = jwt::text_at(*jwk, "kid");
    if (named == nullptr || named->empty()) return Failure("a key whose kid is no text");
    kid.assign(named->data(), named->size());
  }
  Material material;
  material.key = std::move(*key);
  material.fits = *fits;
  return of(std::move(material), std::move(kid), only);
}

std::expected<VerificationKey, std::string> VerificationKey::from_pem(std::string_view text, std::string kid) {
  const ErrorsForgotten after;
  const auto reader = [&] { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); };
  KeyPtr key(PEM_read_bio_PUBKEY(reader().get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    const CertificatePtr certificate(PEM_read_bio_X509(reader().get(), nullptr, nullptr, nullptr));
    if (certificate != nullptr) key.reset(X509_get_pubkey(certificate.get()));
  }
  if (key == nullptr) return Failure("neither a public key nor a certificate in PEM");
  const auto fits = algorithms_of(*key);
  if (!fits) return Failure(fits.error());
  Material material;
  material.key = std::move(key);
  material.fits = *fits;
  return of(std::move(material), std::move(kid), std::nullopt);
}

std::expected<VerificationKey, std::string> VerificationKey::from_secret(std::string_view bytes, JwsAlgorithm algorithm,
                                                                         std::string kid) {
  if (algorithm < JwsAlgorithm::hs256) return Failure("a secret for an algorithm that has none");
  if (bytes.size() < static_cast<std::size_t>(EVP_MD_get_size(digest_of(algorithm))))
    return Failure("a secret that is shorter than the hash of its algorithm");
  Material material;
  material.secret = bytes;
  material.fits = bit(algorithm);
  return of(std::move(material), std::move(kid), algorithm);
}

bool VerificationKey::verify(JwsAlgorithm algorithm, std::string_view input, std::string_view signature) const {
  if (!fits(algorithm)) return false;
  const EVP_MD* digest = digest_of(algorithm);
  if (material_->key == nullptr) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> expected;
    unsigned size = 0;
    return HMAC(digest, material_->secret.data(), static_cast<int>(material_->secret.size()), bytes_of(input),
                input.size(), expected.data(), &size) != nullptr &&
           size == signature.size() && CRYPTO_memcmp(expected.data(), signature.data(), size) == 0;
  }
  const ErrorsForgotten after;
  std::string der;
  if (is_ecdsa(algorithm)) {
    der = der_of(signature, coordinate_size(algorithm));
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // the other's
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &key_context, digest, nullptr, material_->key.get()) != 1)
    return false;
  if (is_pss(algorithm) && (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
                            EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1 ||
                            EVP_PKEY_CTX_set_rsa_mgf1_md(key_context, digest) != 1))
    return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(input), input.size()) == 1;
}

}  // namespace pintle
