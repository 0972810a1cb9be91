// Identity, authorization and limits of a whole process.
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>

#include <pintle/app/test_support/app_process.hpp>
#include <pintle/security/test_support/token_smith.hpp>
#include <pintle/testing/kit/certificates.hpp>
#include <pintle/transport/test_support/http_peer.hpp>

namespace pintle {
namespace {

using test::Client;
using test::Process;
using test::SigningKey;
using ::testing::AllOf;
using testing::CertificateWish;
using ::testing::HasSubstr;
using testing::HttpPeer;
using testing::TestAuthority;

struct SecuredApp : test::Apps {
  SecuredApp() {
    char name[] = "/tmp/pintle-security-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~SecuredApp() override { std::filesystem::remove_all(folder); }

  // Whole or not at all, as configuration is replaced.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder + "/next") << text;
    std::filesystem::rename(folder + "/next", folder + "/" + name);
  }
  void write_policy(const std::string& role) const {
    write("policy.yaml",
          "name: probe\nallow_rules:\n- name: fast-ones\n  source: {roles: [" + role +
              "]}\n  request: {paths: [/probe/fast]}\naudit_logging_options: {audit_condition: ON_ALLOW}\n");
  }
  std::vector<std::string> flags(const std::string& keys) const {
    return with({"--security.authentication.issuers=[{issuer: id, audiences: [probe], cool_down: 1s, " + keys + "}]",
                 "--security.authorization.policy_file=" + folder + "/policy.yaml"});
  }
  static std::string token(const SigningKey& key, const std::string& kid, const std::string& role) {
    return key.token(JwsAlgorithm::es256, R"({"alg":"ES256","kid":")" + kid + R"("})",
                     R"({"iss":"id","sub":"anna","aud":"probe","exp":9999999999,"roles":[")" + role + R"("]})");
  }
  static std::string set_of(const SigningKey& key, const std::string& kid) {
    return R"({"keys":[)" + key.jwk(kid) + "]}";
  }
  std::string folder;
};

TEST_F(SecuredApp, KeysComeFromTheirIssuerAndRolesDecide) {
  const SigningKey first = SigningKey::ec(), second = SigningKey::ec();
  std::mutex mutex;
  std::string keys = set_of(first, "1");
  HttpPeer issuer(
      [&](const std::string&) {
        const std::lock_guard lock(mutex);
        return HttpPeer::ok(keys);
      },
      nullptr, "http/1.1", HttpPeer::Begin::when_started);
  write_policy("reader");
  Process process(flags("jwks_url: '" + issuer.url("/keys") + "'"));
  issuer.start();
  Client client(process.ready());
  EXPECT_EQ(client.fast(), Status(Code::unauthenticated, "the call is not authenticated"));
  EXPECT_EQ(client.ask("/probe/fast", token(second, "1", "reader")).code(), Code::unauthenticated);
  EXPECT_EQ(client.ask("/probe/fast", token(first, "1", "reader")), Status());
  EXPECT_EQ(client.ask("/probe/fast", token(first, "1", "writer")).code(), Code::permission_denied);
  EXPECT_EQ(client.ask("/probe/noisy", token(first, "1", "reader")).code(), Code::permission_denied);
  EXPECT_EQ(client.ask("/probe/nowhere").code(), Code::unauthenticated) << "strangers don't learn what there is";
  EXPECT_EQ(client.ask("/probe/nowhere", token(first, "1", "reader")).code(), Code::permission_denied)
      << "nor do callers whom no rule lets there";
  EXPECT_THAT(process.log_until("\"audit\""),
              AllOf(HasSubstr(R"("principal":"anna")"), HasSubstr(R"("matched_rule":"fast-ones","authorized":true)")));

  // The issuer turns to another key: its tokens are good as soon as the cool-down lets the keys be read.
  {
    const std::lock_guard lock(mutex);
    keys = set_of(second, "2");
  }
  while (!client.ask("/probe/fast", token(second, "2", "reader")).ok()) continue;
  EXPECT_EQ(client.ask("/probe/fast", token(first, "1", "reader")).code(), Code::unauthenticated);
}

TEST_F(SecuredApp, APolicyIsReplacedAndABadOneIsNot) {
  const SigningKey key = SigningKey::ec();
  write("keys.json", set_of(key, "1"));
  write_policy("reader");
  Process process(flags("keys_file: '" + folder + "/keys.json'"));
  Client client(process.ready());
  const std::string reader = token(key, "1", "reader"), writer = token(key, "1", "writer");
  EXPECT_EQ(client.ask("/probe/fast", reader), Status());
  EXPECT_EQ(client.ask("/probe/fast", writer).code(), Code::permission_denied);
  write_policy("writer");
  process.signal(SIGHUP);
  process.log_until("authorization rules were replaced");
  EXPECT_EQ(client.ask("/probe/fast", reader).code(), Code::permission_denied);
  EXPECT_EQ(client.ask("/probe/fast", writer), Status());
  write("policy.yaml", "name: probe\nallow_rulez: []\n");
  process.signal(SIGHUP);
  EXPECT_THAT(process.log_until("can't be replaced"), HasSubstr("policy.allow_rulez: unknown key"));
  EXPECT_EQ(client.ask("/probe/fast", writer), Status());
}

TEST_F(SecuredApp, WhatIsWrongWithAPolicyOrAnIssuerEndsTheStart) {
  write("policy.yaml", "name: probe\nallow_rules:\n- name: a\n  request: {paths: [fast]}\n");
  Process process(flags("jwks_url: 'http://id.example/keys'"));
  const std::string said = process.log_until("path of no method");
  EXPECT_THAT(said, AllOf(HasSubstr("issuers[0].jwks_url: is no https"), HasSubstr("'fast' is the path of no method")));
  EXPECT_EQ(process.end(), 2);
}

TEST_F(SecuredApp, SaysWhoMayCallAMethod) {
  const SigningKey key = SigningKey::ec();
  write("keys.json", set_of(key, "1"));
  write_policy("reader");
  std::vector<std::string> asks = flags("keys_file: '" + folder + "/keys.json'");
  asks.emplace_back("--explain-policy=/probe/fast");
  Process process(asks);
  EXPECT_THAT(process.log_until("else denied"),
              HasSubstr("/probe/fast (policy probe)\n  allowed by fast-ones: role reader\n"));
  EXPECT_EQ(process.end(), 0);
  asks.back() = "--explain-policy=/probe/gone";
  Process other(asks);
  EXPECT_THAT(other.log_until("no method"), HasSubstr("no method has the path /probe/gone"));
  EXPECT_EQ(other.end(), 1);
}

struct CertifiedApp : SecuredApp {
  CertifiedApp() {
    const auto own = authority.issue(CertificateWish("DNS:localhost,IP:127.0.0.1"));
    write("ca.pem", authority.roots());
    write("own.pem", own.certificate);
    write("own.key", own.key);
    write("crl.pem", authority.revocations({}));
    write("policy.yaml",
          "name: probe\nallow_rules:\n- name: sellers\n  source: {principals: [spiffe://shop.example/sell/*]}\n");
  }
  std::vector<std::string> flags() const {
    return with({"--server.tls.certificate_file=" + folder + "/own.pem", "--server.tls.key_file=" + folder + "/own.key",
                 "--server.tls.client_certificates=optional", "--server.tls.client_ca_file=" + folder + "/ca.pem",
                 "--server.tls.client_crl_file=" + folder + "/crl.pem", "--server.tls.reload_interval=10ms",
                 "--security.authentication.certificates=true",
                 "--security.authentication.spiffe_trust_domains=[shop.example]",
                 "--security.authorization.policy_file=" + folder + "/policy.yaml"});
  }
  TestAuthority::Issued issue(const std::string& names) const { return authority.issue(CertificateWish(names)); }
  // Who shows that certificate, or none.
  ChannelOptions as(const TestAuthority::Issued* shown) const {
    net::TlsClientOptions tls;
    tls.roots = net::Pem::text(authority.roots());
    if (shown != nullptr) tls.certificate = shown->pair();
    ChannelOptions options;
    options.tls = net::TlsClient::create(std::move(tls)).value();
    return options;
  }
  Code told(const std::string& address, const TestAuthority::Issued* shown) const {
    return Client(address, as(shown)).fast().code();
  }
  TestAuthority authority;
};

TEST_F(CertifiedApp, NamesInCertificatesDecideUntilTheyAreTakenBack) {
  Process process(flags());
  const std::string address = process.ready();
  const auto seller = issue("URI:spiffe://shop.example/sell/1"), buyer = issue("URI:spiffe://shop.example/buy/1"),
             foreign = issue("URI:spiffe://other.example/sell/1"), second = issue("URI:spiffe://shop.example/sell/2");
  EXPECT_EQ(told(address, &seller), Code::ok);
  EXPECT_EQ(told(address, &second), Code::ok);
  EXPECT_EQ(told(address, &buyer), Code::permission_denied);
  EXPECT_EQ(told(address, &foreign), Code::unauthenticated) << "of no trust domain of ours";
  EXPECT_EQ(told(address, nullptr), Code::unauthenticated);
  const TestAuthority stranger("Another CA");
  const auto forged = stranger.issue(CertificateWish("URI:spiffe://shop.example/sell/1"));
  EXPECT_EQ(told(address, &forged), Code::unavailable) << "its handshake fails";

  write("crl.pem", authority.revocations({seller}));
  while (told(address, &seller) == Code::ok) continue;
  EXPECT_EQ(told(address, &seller), Code::unavailable);
  EXPECT_EQ(told(address, &second), Code::ok);
}

struct LimitedApp : SecuredApp {};

TEST_F(LimitedApp, CallsStayWithinTheirLimits) {
  Process process(with({"--limits.methods=[{pattern: /probe/slow, default_deadline: 20ms, max_concurrent_calls: 1}]",
                        "--limits.rates=[{name: fast ones, pattern: /probe/fast, per_second: 0.001, burst: 2}]"}));
  Client client(process.ready());
  EXPECT_EQ(client.slow().code(), Code::deadline_exceeded);
  EXPECT_EQ(client.fast(), Status());
  EXPECT_EQ(client.fast(), Status());
  EXPECT_EQ(client.fast(), Status(Code::resource_exhausted, "the rate limit 'fast ones' is reached"));
  EXPECT_EQ(client.ask("/probe/noisy"), Status());
}

TEST_F(LimitedApp, OneMoreCallThanThereIsRoomForIsRefused) {
  Process process(with({"--limits.max_concurrent_calls=1", "--server.shutdown_grace=10ms"}));
  Client client(process.ready());
  std::thread caller([&] { static_cast<void>(client.slow()); });
  process.log_until("the slow call runs");
  EXPECT_EQ(client.fast().code(), Code::unavailable);
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
  caller.join();
}

}  // namespace
}  // namespace pintle
