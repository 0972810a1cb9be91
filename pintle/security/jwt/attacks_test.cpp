// The known ways to make a verifier believe what it should not, by the numbers of the list that the design keeps of
// them; the rows about fetched keys are in key_ring_test.cpp, those about streams and texts in
// authentication_layer_test.cpp.
#include <gmock/gmock.h>

#include <pintle/security/jwt/jwt_verifier.hpp>
#include <pintle/security/test_support/token_smith.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::SigningKey;
using enum JwsAlgorithm;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

struct JwtAttacks : ::testing::Test {
  static const SigningKey& rsa() {
    static const SigningKey key = SigningKey::rsa();
    return key;
  }
  static const SigningKey& ec() {
    static const SigningKey key = SigningKey::ec();
    return key;
  }
  static TrustedIssuer issuer(std::string name, std::vector<VerificationKey> keys) {
    TrustedIssuer made;
    made.claims.issuer = std::move(name);
    made.claims.audiences = {"shop"};
    made.keys = std::make_shared<KeyRing>(KeySet(std::move(keys)));
    return made;
  }
  static VerificationKey key_of(const SigningKey& signer, std::string_view kid) {
    return VerificationKey::from_jwk(signer.jwk(kid)).value();
  }
  JwtAttacks() : trusted(issuer("https://id.example", {key_of(rsa(), "r"), key_of(ec(), "e")})) {}

  static std::string claims(std::string_view more = "", std::string_view exp = "1800000100") {
    return R"({"iss":"https://id.example","sub":"anna","aud":"shop","exp":)" + std::string(exp) + std::string(more) +
           "}";
  }
  // One that is signed well, whatever it says.
  static std::string signed_as(std::string_view header, std::string_view payload) {
    return header.contains("RS256") ? rsa().token(rs256, header, payload) : ec().token(es256, header, payload);
  }
  static std::string with_claims(std::string_view payload) {
    return signed_as(R"({"alg":"ES256","kid":"e"})", payload);
  }
  static std::string with_header(std::string_view header) { return signed_as(header, claims()); }

  std::string outcome(std::string_view token, WallTime now = kNow) const {
    const auto identity = JwtVerifier({trusted}).verify(token, now);
    return identity ? identity->subject() : std::string(fault_name(identity.error()));
  }
  TrustedIssuer trusted;
};

TEST_F(JwtAttacks, AGoodTokenIsBelieved) {
  EXPECT_EQ(outcome(with_claims(claims())), "anna");
  EXPECT_EQ(outcome(with_header(R"({"alg":"RS256","kid":"r","typ":"JWT"})")), "anna");
}

TEST_F(JwtAttacks, Row1NoAlgorithm) {
  for (const char* none : {"none", "None", "nOnE", "NONE", "", "es256", "ES256 "}) {
    const std::string header = R"({"alg":")" + std::string(none) + R"(","kid":"e"})";
    EXPECT_EQ(outcome(signed_as(header, claims())), "unsupported_algorithm") << none;
    const std::string bare = encode_base64url(header) + "." + encode_base64url(claims());
    EXPECT_NE(outcome(bare + "."), "anna");
    EXPECT_EQ(outcome(bare), "malformed");
  }
  const std::string good = with_claims(claims());
  EXPECT_EQ(outcome(good.substr(0, good.rfind('.') + 1)), "malformed") << "an empty signature";
  EXPECT_EQ(outcome(with_header(R"({"alg":["ES256"],"kid":"e"})")), "malformed");
  EXPECT_EQ(outcome(with_header(R"({"kid":"e"})")), "malformed");
}

TEST_F(JwtAttacks, Row2APublicKeyIsNoSecret) {
  trusted.algorithms.push_back(hs256);
  for (const std::string& secret : {rsa().pem(), rsa().jwk("r"), std::string(), encode_base64url(rsa().pem())})
    for (const char* kid : {"r", "e"}) {
      const std::string header = R"({"alg":"HS256","kid":")" + std::string(kid) + R"("})";
      EXPECT_EQ(outcome(SigningKey::secret(secret).token(hs256, header, claims())), "unknown_key");
    }
  const std::string header = R"({"alg":"RS256","kid":"e"})";
  EXPECT_EQ(outcome(rsa().token(rs256, header, claims())), "unknown_key") << "the kind of the key decides";
  trusted.algorithms = {es256};
  EXPECT_EQ(outcome(with_header(R"({"alg":"RS256","kid":"r"})")), "refused_algorithm");
}

// Row 3 is key_set_test.cpp's: keys that may not check signatures are none.

TEST_F(JwtAttacks, Row4ANameOfAKeyIsLookedUpAndNothingElse) {
  for (const char* kid : {"../../../../dev/null", "e' OR '1'='1", "E", "e ", "/dev/null", ""})
    EXPECT_EQ(outcome(with_header(R"({"alg":"ES256","kid":")" + std::string(kid) + R"("})")), "unknown_key") << kid;
  EXPECT_EQ(outcome(with_header(R"({"alg":"ES256","kid":")" + std::string(257, 'k') + R"("})")), "malformed");
  EXPECT_EQ(outcome(with_header(R"({"alg":"ES256","kid":7})")), "malformed");
  EXPECT_EQ(outcome(with_header(R"({"alg":"ES256"})")), "anna") << "only one key fits";
  trusted = issuer("https://id.example", {key_of(ec(), "e"), key_of(SigningKey::ec(), "f")});
  EXPECT_EQ(outcome(with_header(R"({"alg":"ES256"})")), "unknown_key") << "two keys fit";
}

TEST_F(JwtAttacks, Row5KeysThatATokenBringsAreNotLookedAt) {
  const SigningKey mallory = SigningKey::ec();
  for (const std::string& more : {R"("jwk":)" + mallory.jwk("e"), std::string(R"("jku":"https://evil.example/keys")"),
                                  std::string(R"("x5u":"https://evil.example/c.pem")"),
                                  std::string(R"("x5c":["AAAA"])"), std::string(R"("x5t":"AAAA")")}) {
    const std::string header = R"({"alg":"ES256","kid":"e",)" + more + "}";
    EXPECT_EQ(outcome(mallory.token(es256, header, claims())), "bad_signature") << more;
    EXPECT_EQ(outcome(signed_as(header, claims())), "anna") << "ours is believed, for our key";
  }
}

TEST_F(JwtAttacks, Row6And7NoExtensionIsUnderstood) {
  for (const char* more : {R"("crit":["exp"],"exp":1)", R"("crit":[])", R"("crit":"x")",
                           R"("crit":["b64","b64"],"b64":false)", R"("crit":["alg"])", R"("crit":["gone"])",
                           R"("crit":["b64"],"b64":false)", R"("b64":false)", R"("b64":true)", R"("crit":null)"})
    EXPECT_EQ(outcome(with_header(R"({"alg":"ES256","kid":"e",)" + std::string(more) + "}")), "malformed") << more;
}

TEST_F(JwtAttacks, Row8OneWayToReadIt) {
  for (const char* header : {R"({"alg":"ES256","alg":"none","kid":"e"})",
                             R"({"alg":"ES256","kid":"e"} )"
                             "{}",
                             R"(["ES256"])", "{\"alg\":\"ES256\",\"kid\":\"e\xff\"}", "\xef\xbb\xbf{\"alg\":\"ES256\"}",
                             R"({"alg":"ES256","kid":"e","n":1e400})", R"({"alg":"ES256","kid":"e\u0000"})", ""})
    EXPECT_EQ(outcome(with_header(header)), "malformed") << header;
  for (const std::string& payload : {claims(R"(,"sub":"root")"), claims() + "x", std::string("[]"), std::string("7"),
                                     std::string(), claims(R"(,"deep":)" + std::string(40, '[') + std::string(40, ']')),
                                     claims(R"(,"n":1e999)"), claims(",\"n\":\"\xff\"")})
    EXPECT_EQ(outcome(with_claims(payload)), "malformed") << payload;
}

TEST_F(JwtAttacks, Row9OneWayToWriteIt) {
  const std::string good = with_claims(claims());
  const std::size_t first = good.find('.'), second = good.rfind('.');
  for (const std::size_t at : {std::size_t{0}, first, first + 1, second, second + 1, good.size()})
    for (const char* more : {"=", " ", "\n", "\r\n", "+", "/", "*", "\t", "%20"})
      EXPECT_EQ(outcome(std::string(good).insert(at, more)), "malformed") << at << more;
  EXPECT_EQ(outcome(good + "AAA"), "malformed") << "a length that no bytes have";
  EXPECT_NE(outcome(std::string(good).replace(good.size() - 1, 1, good.back() == 'B' ? "C" : "B")), "anna");
}

TEST_F(JwtAttacks, Row10AnEcdsaSignatureIsTwoNumbersOfTheRightSize) {
  const std::string header = R"({"alg":"ES256","kid":"e"})";
  const std::string input = encode_base64url(header) + "." + encode_base64url(claims());
  const std::string right = ec().sign(es256, input), zero(32, '\0');
  const std::string order(
      "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2"
      "\xfc\x63"
      "\x25\x51",
      32);
  for (const std::string& wrong :
       {zero + zero, zero + right.substr(32), right.substr(0, 32) + zero, order + order, right + std::string(1, '\0'),
        std::string(1, '\0') + right, right.substr(0, 63), right.substr(0, 32) + order,
        std::string(32, '\xff') + right.substr(32), std::string("\x30\x06\x02\x01\x01\x02\x01\x01", 8)})
    EXPECT_NE(outcome(input + "." + encode_base64url(wrong)), "anna");
  EXPECT_EQ(outcome(input + "." + encode_base64url(right)), "anna");
}

TEST_F(JwtAttacks, Row11AnRsaSignatureIsOfItsOwnPadding) {
  for (const auto [signs, says] : {std::pair(rs256, ps256), {ps256, rs256}, {rs256, rs384}, {rs512, rs256}}) {
    const std::string header = R"({"alg":")" + std::string(name_of(says)) + R"(","kid":"r"})";
    EXPECT_EQ(outcome(rsa().token(signs, header, claims())), "bad_signature") << name_of(signs);
  }
}

TEST_F(JwtAttacks, Row12And13OnlyTheCompactSignedForm) {
  const std::string good = with_claims(claims());
  EXPECT_EQ(outcome(R"({"payload":"AA","protected":"AA","signature":"AA"})"), "malformed");
  EXPECT_EQ(outcome(good + ".AA.AA"), "malformed") << "five parts, as JWE has them";
  EXPECT_EQ(outcome(signed_as(R"({"alg":"RSA-OAEP","enc":"A256GCM"})", claims())), "unsupported_algorithm");
  EXPECT_EQ(outcome(signed_as(R"({"alg":"PBES2-HS256+A128KW","p2c":1000000000})", claims())), "unsupported_algorithm");
  for (const char* more : {R"("enc":"A256GCM")", R"("zip":"DEF")", R"("cty":"JWT")"})
    EXPECT_EQ(outcome(with_header(R"({"alg":"ES256","kid":"e",)" + std::string(more) + "}")), "malformed");
}

TEST_F(JwtAttacks, Row14LongOnesAreNotReadAtAll) {
  EXPECT_EQ(outcome(std::string(10'000'000, '.')), "too_long");
  EXPECT_EQ(outcome(std::string(8192, '.')), "malformed");
  EXPECT_EQ(outcome(with_claims(claims(R"(,"x":")" + std::string(8192, 'x') + '"'))), "too_long");
}

TEST_F(JwtAttacks, Row15Times) {
  const auto at = [&](std::string_view exp, Duration later) {
    return outcome(with_claims(claims("", exp)), kNow + std::chrono::duration_cast<WallTime::duration>(later));
  };
  EXPECT_EQ(at("1800000000", 29s), "anna") << "within the leeway of 30 s";
  EXPECT_EQ(at("1800000000", 30s), "expired") << "on or after";
  EXPECT_EQ(at("1800000000.5", 30s), "anna");
  EXPECT_EQ(at("1.8e9", 0s), "anna");
  for (const char* never : {"9223372036", "9223372037", "9999999999", "253402300799", "253402300799.0"})
    EXPECT_EQ(at(never, 0s), "anna") << never << ": beyond what a clock of nanoseconds can say";
  EXPECT_EQ(at("253402300800", 0s), "bad_claim");
  EXPECT_EQ(at("18446744073709551615", 0s), "bad_claim");
  for (const char* wrong : {"\"1800000100\"", "-1", "true", "null", "[1800000100]", "{}", "1e300"})
    EXPECT_EQ(at(wrong, 0s), "bad_claim") << wrong;
  EXPECT_EQ(outcome(with_claims(R"({"iss":"https://id.example","sub":"anna","aud":"shop"})")), "bad_claim");
  for (const char* name : {"nbf", "iat"}) {
    const auto begins = [&](std::string_view when) {
      return outcome(with_claims(claims(",\"" + std::string(name) + "\":" + std::string(when))));
    };
    EXPECT_EQ(begins("1800000030"), "anna") << name;
    EXPECT_EQ(begins("1800000031"), "not_yet_valid") << name;
    EXPECT_EQ(begins("\"1\""), "bad_claim") << name;
  }
  trusted.claims.expires = false;
  EXPECT_EQ(outcome(with_claims(R"({"iss":"https://id.example","sub":"anna","aud":"shop"})")), "anna");
}

TEST_F(JwtAttacks, Row16IssuerAndAudienceAreExact) {
  const auto aud = [&](std::string_view value) {
    return outcome(
        with_claims(R"({"iss":"https://id.example","sub":"anna","exp":1800000100,"aud":)" + std::string(value) + "}"));
  };
  EXPECT_EQ(aud(R"(["other","shop"])"), "anna");
  for (const char* wrong : {R"("Shop")", R"("shop ")", R"("shopping")", R"("sho")", R"([])", R"(["other"])", R"("")"})
    EXPECT_EQ(aud(wrong), "wrong_audience") << wrong;
  for (const char* wrong : {"7", R"(["shop",7])", R"({"shop":true})", "null"})
    EXPECT_EQ(aud(wrong), "bad_claim") << wrong;
  for (const char* iss :
       {R"("https://id.example/")", R"("https://ID.example")", R"("")", "7", R"(["https://id.example"])"})
    EXPECT_EQ(outcome(with_claims(R"({"sub":"anna","aud":"shop","exp":1800000100,"iss":)" + std::string(iss) + "}")),
              "unknown_issuer")
        << iss;
  // An issuer can't sign for another.
  TrustedIssuer other = issuer("https://other.example", {key_of(SigningKey::ec(), "e")});
  const JwtVerifier both({trusted, other});
  const std::string forged =
      with_claims(R"({"iss":"https://other.example","sub":"anna","aud":"shop","exp":1800000100})");
  EXPECT_EQ(both.verify(forged, kNow).error(), JwtFault::bad_signature);
}

TEST_F(JwtAttacks, Row17TokensOfAnotherKind) {
  const auto typ = [&](std::string_view value) {
    return outcome(with_header(R"({"alg":"ES256","kid":"e","typ":)" + std::string(value) + "}"));
  };
  for (const char* ours : {R"("JWT")", R"("jwt")", R"("at+jwt")", R"("application/at+JWT")"})
    EXPECT_EQ(typ(ours), "anna");
  for (const char* others : {R"("logout+jwt")", R"("secevent+jwt")", R"("dpop+jwt")", R"("")"})
    EXPECT_EQ(typ(others), "wrong_type") << others;
  EXPECT_EQ(typ("7"), "malformed");
  trusted.claims.types = {"at+jwt"};
  EXPECT_EQ(typ(R"("JWT")"), "wrong_type");
  EXPECT_EQ(outcome(with_claims(claims())), "wrong_type") << "one without typ";
  EXPECT_EQ(typ(R"("at+jwt")"), "anna");
}

TEST_F(JwtAttacks, Row18NothingIsCoerced) {
  for (const char* sub : {"7", "null", "[]", R"("")", R"(["anna"])"})
    EXPECT_EQ(outcome(with_claims(R"({"iss":"https://id.example","aud":"shop","exp":1800000100,"sub":)" +
                                  std::string(sub) + "}")),
              "bad_claim")
        << sub;
  for (const char* more : {R"(,"roles":"admin")", R"(,"roles":["a",7])", R"(,"roles":{"admin":true})",
                           R"(,"scope":["a"])", R"(,"scope":7)"})
    EXPECT_EQ(outcome(with_claims(claims(more))), "bad_claim") << more;
  const auto identity = JwtVerifier({trusted}).verify(
      with_claims(claims(R"(,"roles":["admin","Admin"],"scope":"read  write","tenant":{"id":7})")), kNow);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(identity->has_role("admin"));
  EXPECT_FALSE(identity->has_role("admi"));
  EXPECT_FALSE(identity->has_role("admins"));
  EXPECT_FALSE(identity->has_role("ADMIN"));
  EXPECT_THAT(identity->scopes(), ::testing::ElementsAre("read", "write"));
  EXPECT_EQ(identity->claim("tenant"), R"({"id":7})");
  EXPECT_EQ(identity->expiry(), kNow + 100s);
}

TEST_F(JwtAttacks, RolesMayLieDeeper) {
  trusted.claims.roles_claim = "realm_access.roles";
  trusted.claims.scopes_claim = "scp";
  const auto identity =
      JwtVerifier({trusted}).verify(with_claims(claims(R"(,"realm_access":{"roles":["admin"]},"scp":["read"])")), kNow);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(identity->has_role("admin"));
  EXPECT_TRUE(identity->has_scope("read"));
  EXPECT_EQ(outcome(with_claims(claims(R"(,"realm_access":7)"))), "anna") << "no roles there";
  EXPECT_EQ(outcome(with_claims(claims(R"(,"realm_access":{"roles":"admin"})"))), "bad_claim");
}

TEST_F(JwtAttacks, ASecretIsForThoseThatAreTrustedWithIt) {
  trusted = issuer("https://id.example", {VerificationKey::from_secret(std::string(32, 's'), hs256, "h").value()});
  const std::string token =
      SigningKey::secret(std::string(32, 's')).token(hs256, R"({"alg":"HS256","kid":"h"})", claims());
  EXPECT_EQ(outcome(token), "refused_algorithm") << "nobody has named it";
  trusted.algorithms = {hs256};
  EXPECT_EQ(outcome(token), "anna");
}

}  // namespace
}  // namespace pintle
