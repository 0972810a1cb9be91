// Rows 19 to 21 of the list of attacks: keys that change, that are asked for by strangers, that can't be had.
#include <pintle/security/jwt/key_ring.hpp>

#include <map>
#include <optional>

#include <gmock/gmock.h>

#include <pintle/security/jwt/jwt_verifier.hpp>
#include <pintle/security/test_support/token_smith.hpp>
#include <pintle/testing/kit/observed.hpp>
#include <pintle/testing/kit/scripted_fetcher.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::SigningKey;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

struct KeyRingTest : ::testing::Test {
  KeyRingTest() {
    KeyRingOptions options;
    options.name = "id";
    ring = std::make_shared<KeyRing>(keys_at_url(fetcher, "https://id.example/keys", 5s), options, loop.clock(),
                                     log.logger(), meter.meters());
    TrustedIssuer issuer;
    issuer.claims.issuer = "id";
    issuer.claims.audiences = {"shop"};
    issuer.keys = ring;
    verifier.emplace(std::vector{issuer});
    publish({"0"});
    fetcher->hold();
    maintaining.emplace(loop.start(ring->maintain()));
  }
  ~KeyRingTest() override {
    maintaining->cancel();
    fetcher->release();
    loop.run_until_idle();
  }
  // A signer for each name, made once.
  static const SigningKey& signer(const std::string& kid) {
    static std::map<std::string, SigningKey> all;
    return all.try_emplace(kid, SigningKey::ed25519()).first->second;
  }
  void publish(const std::vector<std::string>& kids) {
    std::string text = R"({"keys":[)";
    for (const std::string& kid : kids) text += (text.ends_with('[') ? "" : ",") + signer(kid).jwk(kid);
    fetcher->answers(200, text + "]}");
  }
  static std::string token(const std::string& kid) {
    return signer(kid).token(JwsAlgorithm::eddsa, R"({"alg":"EdDSA","kid":")" + kid + R"("})",
                             R"({"iss":"id","sub":"anna","aud":"shop","exp":1800000100})");
  }
  std::string outcome(const std::string& text) {
    const auto identity = loop.run(verifier->verify_or_wait(text, [] { return kNow; }));
    return identity ? identity->subject() : std::string(fault_name(identity.error()));
  }
  std::size_t fetches() const { return fetcher->requests().size(); }

  testing::TestLoop loop;
  testing::ObservedLog log;
  testing::ObservedMeter meter;
  std::shared_ptr<testing::ScriptedFetcher> fetcher = std::make_shared<testing::ScriptedFetcher>();
  std::shared_ptr<KeyRing> ring;
  std::optional<JwtVerifier> verifier;
  std::optional<testing::Running<Status>> maintaining;  // its first reading waits for release()
};

TEST_F(KeyRingTest, TheFirstTokenWaitsForTheFirstReading) {
  auto waiting = loop.start(verifier->verify_or_wait(token("0"), [] { return kNow; }));
  EXPECT_FALSE(waiting.done());
  fetcher->release();
  loop.run_until_idle();
  ASSERT_TRUE(waiting.done());
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(fetches(), 1u);
}

TEST_F(KeyRingTest, Row19AHundredRotationsRefuseNoValidToken) {
  fetcher->release();
  loop.run_until_idle();
  for (int i = 1; i <= 100; ++i) {
    const std::string before = std::to_string(i - 1), now = std::to_string(i);
    loop.advance(31s);
    publish({before, now});
    EXPECT_EQ(outcome(token(before)), "anna") << i;
    EXPECT_EQ(outcome(token(now)), "anna") << i;
    EXPECT_EQ(outcome(token(before)), "anna") << i;
  }
  EXPECT_LE(fetches(), 1u + 100 + 31 * 100 / 300);
}

TEST_F(KeyRingTest, Row19AKeyThatIsGoneIsBelievedNoLongerThanARefresh) {
  fetcher->release();
  loop.run_until_idle();
  EXPECT_EQ(outcome(token("0")), "anna");
  const auto epoch = verifier->epoch();
  publish({"1"});
  loop.advance(5min);
  EXPECT_EQ(outcome(token("0")), "unknown_key");
  EXPECT_EQ(outcome(token("1")), "anna");
  EXPECT_GT(verifier->epoch(), epoch) << "what was verified before is verified again";
}

TEST_F(KeyRingTest, Row20StrangersCostOneReadingInACoolDown) {
  fetcher->release();
  loop.run_until_idle();
  loop.advance(31s);
  const std::size_t before = fetches();
  for (int i = 0; i < 10'000; ++i) {
    if (i % 100 == 0) {
      EXPECT_EQ(outcome(token("0")), "anna") << "those that are known go on";
    }
    EXPECT_EQ(outcome(R"(eyJhbGciOiJFZERTQSIsImtpZCI6Ing)" + encode_base64url(std::to_string(i % 1000)) + "x.e30.AA"),
              "malformed");
    const std::string header = R"({"alg":"EdDSA","kid":"stranger-)" + std::to_string(i) + R"("})";
    const std::string unsigned_token = encode_base64url(header) + "." + encode_base64url(R"({"iss":"id"})") + ".AAAA";
    EXPECT_EQ(outcome(unsigned_token), "unknown_key");
  }
  EXPECT_EQ(fetches(), before + 1);
}

TEST_F(KeyRingTest, Row20AllThatComeWhileOneReadingRunsWaitForIt) {
  fetcher->release();
  loop.run_until_idle();
  loop.advance(31s);
  publish({"0", "new"});
  fetcher->hold();
  std::vector<testing::Running<std::expected<Identity, JwtFault>>> waiting;
  for (int i = 0; i < 100; ++i)
    waiting.push_back(loop.start(verifier->verify_or_wait(token("new"), [] { return kNow; })));
  const std::size_t before = fetches();
  fetcher->release();
  loop.run_until_idle();
  for (auto& one : waiting) EXPECT_TRUE(one.get());
  EXPECT_EQ(fetches(), before);
}

TEST_F(KeyRingTest, ANameThatWasNotThereIsNotAskedForAgainSoon) {
  fetcher->release();
  loop.run_until_idle();
  loop.advance(31s);
  EXPECT_EQ(outcome(token("gone")), "unknown_key");
  const std::size_t before = fetches();
  loop.advance(31s);
  EXPECT_EQ(outcome(token("gone")), "unknown_key");
  EXPECT_EQ(fetches(), before);
  publish({"0", "gone"});
  EXPECT_EQ(outcome(token("other")), "unknown_key") << "another one has them read";
  EXPECT_EQ(outcome(token("gone")), "anna");
}

TEST_F(KeyRingTest, Row21TheLastGoodKeysHoldWhateverComes) {
  fetcher->release();
  loop.run_until_idle();
  for (const auto& [status, body] :
       {std::pair<int, std::string>(500, ""),
        {302, ""},
        {404, "gone"},
        {200, "<html>"},
        {200, R"({"keys":[]})"},
        {200, R"({"keys":[{"kty":"oct","kid":"0","k":"AAAA"}]})"},
        {200, std::string(100, '[')},
        {200, R"({"keys":[)" + signer("0").jwk("0") + "," + signer("1").jwk("0") + "]}"}}) {
    fetcher->answers(status, body);
    loop.advance(5min);
    EXPECT_EQ(outcome(token("0")), "anna") << status << body;
  }
  fetcher->fails(Status(Code::resource_exhausted, "the answer is longer than 1048576 bytes"));
  loop.advance(5min);
  EXPECT_EQ(outcome(token("0")), "anna");
  int said = 0;
  for (const std::string& line : log.lines()) said += line.contains("can't be read") ? 1 : 0;
  EXPECT_EQ(said, 1) << "once, not each time";
  EXPECT_GT(meter.value("pintle.jwt.keys.readings{issuer=id,result=failed}"), 8);
}

TEST_F(KeyRingTest, Row21KeysThatCantBeReadForADayAreNoKeys) {
  fetcher->release();
  loop.run_until_idle();
  fetcher->answers(500, "");
  loop.advance(24h - 1min);
  EXPECT_EQ(outcome(token("0")), "anna");
  const auto epoch = verifier->epoch();
  loop.advance(2min);
  EXPECT_EQ(outcome(token("0")), "unknown_key");
  EXPECT_GT(verifier->epoch(), epoch) << "nor is what was verified with them before";
  publish({"0"});
  loop.advance(31s);
  EXPECT_EQ(outcome(token("0")), "anna");
}

TEST_F(KeyRingTest, Row21OneThatStallsCostsATimeoutAndNoMore) {
  fetcher->release();
  loop.run_until_idle();
  loop.advance(31s);
  fetcher->hold();
  const TimePoint began = loop.now();
  EXPECT_EQ(outcome(token("new")), "unknown_key");
  EXPECT_LE(loop.now() - began, 5s);
  EXPECT_EQ(outcome(token("0")), "anna");
}

TEST_F(KeyRingTest, Row21WhatIsAskedForIsOneDocumentOfAMegabyte) {
  fetcher->release();
  loop.run_until_idle();
  ASSERT_THAT(fetcher->requests(), SizeIs(1));
  EXPECT_EQ(fetcher->requests()[0].max_response_bytes, 1024u * 1024);
  EXPECT_EQ(fetcher->requests()[0].timeout, 5s);
  EXPECT_EQ(fetcher->requests()[0].method, "GET");
}

TEST_F(KeyRingTest, WhatIsLeftOutIsSaid) {
  fetcher->answers(200, R"({"keys":[{"kty":"new"},)" + signer("0").jwk("0") + "]}");
  fetcher->release();
  loop.run_until_idle();
  EXPECT_THAT(log.lines(), ::testing::Contains(HasSubstr("keys[0]")));
}

}  // namespace
}  // namespace pintle
