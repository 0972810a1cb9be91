#include <pintle/security/authn/authentication_layer.hpp>

#include <gmock/gmock.h>

#include <pintle/security/test_support/token_smith.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::SigningKey;
using testing::DrivenCall;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::LayerDriver;
using ::testing::Not;
using testing::Script;

struct AuthenticationTest : ::testing::Test {
  AuthenticationTest() {
    TrustedIssuer issuer;
    issuer.claims.issuer = "id";
    issuer.claims.audiences = {"shop"};
    issuer.keys = std::make_shared<KeyRing>(KeySet({VerificationKey::from_jwk(signer().jwk("k")).value()}));
    options.tokens = std::make_shared<const JwtVerifier>(std::vector{issuer});
    options.now = [this] { return WallTime(1'800'000'000s) + (driver->loop().now() - start); };
  }
  static const SigningKey& signer() {
    static const SigningKey key = SigningKey::ed25519();
    return key;
  }
  // Expires after so many seconds.
  static std::string token(int seconds = 100, std::string_view subject = "anna") {
    return signer().token(JwsAlgorithm::eddsa, R"({"alg":"EdDSA","kid":"k"})",
                          R"({"iss":"id","sub":")" + std::string(subject) +
                              R"(","aud":"shop","roles":["admin"],"exp":)" + std::to_string(1'800'000'000 + seconds) +
                              "}");
  }
  LayerDriver& drive() {
    driver.emplace(Side::server, std::make_shared<AuthenticationLayer>(options));
    start = driver->loop().now();
    driver->next(Script().does([this](LayerCall& call) {
      who = call.identity().subject();
      roles = call.identity().roles();
      names = call.identity().certificate_names();
    }));
    return *driver;
  }
  DrivenCall& call_with(const std::string& value) { return driver->call().metadata("authorization", value).start(); }
  Code code_of(const std::string& value) { return call_with(value).status().code(); }

  AuthenticationOptions options;
  std::optional<LayerDriver> driver;
  TimePoint start;
  std::string who = "not asked";
  std::vector<std::string> roles, names;
};

TEST_F(AuthenticationTest, TheHandlerKnowsWhoCalls) {
  drive();
  EXPECT_EQ(call_with("Bearer " + token()).status(), Status());
  EXPECT_EQ(who, "anna");
  EXPECT_THAT(roles, ::testing::ElementsAre("admin"));
  EXPECT_EQ(code_of("bEaReR " + token()), Code::ok) << "a scheme has no case";
  EXPECT_EQ(driver->meter.value("pintle.authentication{result=accepted}"), 2);
}

TEST_F(AuthenticationTest, Row23EveryRefusalLooksTheSame) {
  drive();
  std::vector<std::string> texts;
  const std::string good = token();
  for (const std::string& value :
       {std::string("Bearer"), std::string("Bearer "), "Basic " + good, good, "Bearer  " + good, "Bearer\t" + good,
        "Bearer " + token(-1000), "Bearer " + good.substr(0, good.size() - 4) + "AAAA",
        "Bearer " + std::string(100'000, 'x'), "Bearer " + good + ", Bearer " + good}) {
    const DrivenCall& call = call_with(value);
    EXPECT_EQ(call.status().code(), Code::unauthenticated) << value;
    texts.emplace_back(call.status().message());
    EXPECT_EQ(call.status().details(), "");
  }
  texts.emplace_back(driver->call().start().status().message());
  EXPECT_THAT(texts, Each(std::string("the call is not authenticated")));
  EXPECT_EQ(driver->reached(), 0u);
  for (const std::string& line : driver->log.lines()) EXPECT_THAT(line, Not(HasSubstr(good.substr(0, 20))));
  EXPECT_THAT(driver->log.lines().at(0), HasSubstr("reason=malformed"));
  EXPECT_EQ(driver->meter.value("pintle.authentication{result=refused,error.type=expired}"), 1);
  EXPECT_EQ(driver->meter.value("pintle.authentication{result=refused,error.type=no_credential}"), 1);
  EXPECT_LE(driver->log.lines().size(), 5u) << "strangers don't fill the log";
}

TEST_F(AuthenticationTest, TwoTokensAreNone) {
  drive();
  auto& call = driver->call().metadata("authorization", "Bearer " + token());
  EXPECT_EQ(call.metadata("authorization", "Bearer " + token()).start().status().code(), Code::unauthenticated);
  auto& other = driver->call().metadata("authorization", "");
  EXPECT_EQ(other.metadata("authorization", "Bearer " + token()).start().status().code(), Code::unauthenticated);
}

TEST_F(AuthenticationTest, Row22ATokenThatWasVerifiedIsAskedForItsTimeEachTime) {
  drive();
  VerifiedCredential connection;
  const std::string value = "Bearer " + token(100);
  const auto ask = [&] {
    auto& call = driver->call().metadata("authorization", value);
    call.call().verified = &connection;
    call.call().credential_id = 70;
    return call.start().status().code();
  };
  EXPECT_EQ(ask(), Code::ok);
  EXPECT_EQ(ask(), Code::ok);
  driver->advance(129s);
  EXPECT_EQ(ask(), Code::ok) << "within the leeway it is verified anew";
  driver->advance(2s);
  EXPECT_EQ(ask(), Code::unauthenticated);
}

TEST_F(AuthenticationTest, Row22AnotherTokenIsAnotherPrincipal) {
  drive();
  VerifiedCredential connection;
  for (int round = 0; round < 2; ++round)
    for (const char* name : {"anna", "bert"}) {
      auto& call = driver->call().metadata("authorization", "Bearer " + token(100, name));
      call.call().verified = &connection;
      EXPECT_EQ(call.start().status(), Status());
      EXPECT_EQ(who, name);
    }
}

TEST_F(AuthenticationTest, Row22AStreamEndsAWhileAfterItsToken) {
  drive().next(Script());
  LayerDriver streams(Side::server, std::make_shared<AuthenticationLayer>(options));
  streams.next(Script().waits_for_cancellation());
  auto& call = streams.call().metadata("authorization", "Bearer " + token(100)).start();
  streams.advance(129s);
  EXPECT_FALSE(call.done());
  streams.advance(1s);
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), Code::unauthenticated);
}

TEST_F(AuthenticationTest, Row22OrGoesOnWhereThatIsSaid) {
  options.stream_grace.reset();
  drive();
  LayerDriver streams(Side::server, std::make_shared<AuthenticationLayer>(options));
  streams.next(Script().waits_for_cancellation());
  auto& call = streams.call().metadata("authorization", "Bearer " + token(100)).start();
  streams.advance(24h);
  EXPECT_FALSE(call.done());
  call.cancel();
}

TEST_F(AuthenticationTest, ACertificateIsAnIdentityWhereItIsTrusted) {
  TlsInfo tls;
  tls.has_certificate = true;
  tls.certificate.uri_names = {"spiffe://shop/api"};
  const auto ask = [&](const std::string& value) {
    auto& call = driver->call();
    if (!value.empty()) call.metadata("authorization", value);
    call.call().facts.tls = &tls;
    return call.start().status().code();
  };
  drive();
  EXPECT_EQ(ask(""), Code::unauthenticated);
  options.certificates.emplace();
  drive();
  EXPECT_EQ(ask(""), Code::ok);
  EXPECT_EQ(who, "spiffe://shop/api");
  EXPECT_EQ(ask("Bearer " + token()), Code::ok);
  EXPECT_EQ(who, "anna");
  EXPECT_THAT(names, ::testing::ElementsAre("spiffe://shop/api"));
  EXPECT_EQ(ask("Bearer " + token(-1000)), Code::unauthenticated) << "a bad token is not made good by a certificate";
}

TEST_F(AuthenticationTest, ACallOfNobodyGoesOnWhereThatIsAllowed) {
  options.required = false;
  drive();
  EXPECT_EQ(driver->call().start().status(), Status());
  EXPECT_EQ(who, "");
  EXPECT_EQ(code_of("Bearer x"), Code::unauthenticated) << "a token that is shown must be good";
}

TEST_F(AuthenticationTest, MethodsThatAreExceptedAreNotAsked) {
  options.except = {"/test.v1.Test/*"};
  drive();
  EXPECT_EQ(driver->call().start().status(), Status());
  EXPECT_EQ(code_of("Bearer x"), Code::ok);
}

}  // namespace
}  // namespace pintle
