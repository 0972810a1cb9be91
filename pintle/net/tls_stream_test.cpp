// TLS between two ends in memory, which the test can narrow, chop up, stall and break, in the test's own time.
#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/net/internal/test_peers.hpp>
#include <pintle/net/tls_acceptor.hpp>
#include <pintle/net/tls_connector.hpp>
#include <pintle/testing/kit/certificates.hpp>
#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::net {
namespace {

using namespace std::chrono_literals;
using test::Pipe;
using testing::CertificateWish;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MemoryPair;
using ::testing::StartsWith;
using testing::TestAuthority;
using testing::TestLoop;
using ::testing::UnorderedElementsAreArray;
using Connected = Result<std::unique_ptr<ByteStream>>;

struct Lines final : LogSink {
  bool enabled(Level) const noexcept override { return true; }
  void write(Level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string line(message);
    for (const Field& field : fields)
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line.append(" ").append(*text);
    all.push_back(line);
  }
  std::vector<std::string> all;
};

// A server behind a certificate for shop.example, and clients that reach it in memory.
struct Bed {
  explicit Bed(TlsServerOptions options = {}) {
    if (options.certificates.empty())
      options.certificates.push_back(ca.issue(CertificateWish("DNS:shop.example")).pair());
    auto made = TlsServer::create(std::move(options));
    EXPECT_TRUE(made) << made.error().to_string();
    server = *made;
    TlsAcceptorOptions accepting;
    accepting.log = Logger(&log);
    accepting.max_in_flight = 3;
    acceptor.emplace(
        loop.loop(), server, [this](std::unique_ptr<ByteStream> s) { served.push_back(std::move(s)); }, accepting);
  }
  TlsClientOptions trusting() const {
    TlsClientOptions options;
    options.roots = Pem::text(ca.roots());
    return options;
  }
  // Both ends are there; the handshake has begun.
  testing::Running<Connected> begin(TlsClientOptions options, std::string host = "shop.example",
                                    Deadline deadline = {}) {
    pair.emplace(loop.loop(), loop.loop());
    auto client = TlsClient::create(std::move(options));
    EXPECT_TRUE(client) << client.error().to_string();
    acceptor->accept(pair->take_b());
    return loop.start(tls_connect(*client, pair->take_a(), std::move(host), deadline));
  }
  Connected connect(TlsClientOptions options, std::string host = "shop.example") {
    auto running = begin(std::move(options), std::move(host));
    return running.get();
  }
  // The last stream that was served gives back what it gets.
  void echo() {
    test::Echo::serve(std::move(served.back()));
    served.pop_back();
  }
  std::string ask(std::unique_ptr<ByteStream> stream, std::string text) {
    std::string answer;
    {
      Pipe pipe(std::move(stream));
      answer = loop.run(pipe.ask(std::move(text)));
    }
    loop.run_until_idle();  // the other side takes note
    return answer;
  }
  // The client's words when it failed.
  std::string refusal(TlsClientOptions options, std::string host = "shop.example") {
    Connected connected = connect(std::move(options), std::move(host));
    if (connected) return "connected";
    EXPECT_EQ(connected.error().code(), Code::unavailable);
    return std::string(connected.error().message());
  }

  TestLoop loop;
  TestAuthority ca;
  Lines log;
  std::shared_ptr<TlsServer> server;
  std::vector<std::unique_ptr<ByteStream>> served;
  std::optional<MemoryPair> pair;
  std::optional<TlsAcceptor> acceptor;
};

TEST(Tls, CarriesBytesBothWaysWhateverTheirPieces) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, SIZE_MAX}) {
    Bed bed;
    auto running = bed.begin(bed.trusting());
    bed.pair->set_chunk(MemoryPair::Direction::a_to_b, chunk);
    bed.pair->set_chunk(MemoryPair::Direction::b_to_a, chunk);
    Connected client = running.get();
    ASSERT_TRUE(client) << client.error().to_string();
    ASSERT_EQ(bed.served.size(), 1U);
    bed.echo();
    EXPECT_EQ(bed.ask(std::move(*client), "hello"), "hello");
    // More than the pair holds: both sides run into would_block and go on.
    const std::string big(chunk < 1000 ? 100'000 : 3 << 20, 'x');
    Connected second = bed.connect(bed.trusting());
    ASSERT_TRUE(second);
    bed.pair->set_chunk(MemoryPair::Direction::a_to_b, chunk);
    bed.pair->set_chunk(MemoryPair::Direction::b_to_a, chunk);
    bed.echo();
    EXPECT_TRUE(bed.ask(std::move(*second), big) == big) << "chunk " << chunk;
  }
}

TEST(Tls, SaysWhatWasAgreedOn) {
  Bed bed;
  Connected client = bed.connect(bed.trusting());
  ASSERT_TRUE(client);
  for (const TlsInfo* info : {(*client)->tls().get(), bed.served.at(0)->tls().get()}) {
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->version, "TLSv1.3");
    EXPECT_EQ(info->cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(info->alpn, "h2");
    EXPECT_EQ(info->server_name, "shop.example");
  }
  EXPECT_THAT((*client)->tls()->certificate.dns_names, ElementsAre("shop.example"));
  EXPECT_FALSE(bed.served.at(0)->tls()->has_certificate);
  EXPECT_EQ(bed.server->counts().handshakes, 1U);
  EXPECT_EQ((*client)->peer(), "memory:b");
}

TEST(Tls, ANameThatTheCertificateDoesNotHoldIsRefused) {
  Bed bed;
  EXPECT_THAT(bed.refusal(bed.trusting(), "evil.example"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(bed.refusal(bed.trusting(), "a.shop.example"), HasSubstr("hostname mismatch"));
  EXPECT_THAT(bed.refusal(bed.trusting(), "127.0.0.1"), HasSubstr("IP address mismatch"));
  TlsClientOptions renamed = bed.trusting();
  renamed.server_name = "shop.example";
  EXPECT_EQ(bed.refusal(renamed, "10.0.0.7"), "connected");
  EXPECT_THAT(bed.served, ::testing::SizeIs(1));
}

TEST(Tls, AServerShowsTheChainAboveItsCertificate) {
  const TestAuthority root("root"), below("below", root);
  const auto issued = below.issue(CertificateWish("DNS:shop.example"));
  TlsClientOptions trusting;
  trusting.roots = Pem::text(root.roots());
  for (const bool whole : {true, false}) {
    TlsServerOptions options;
    options.certificates.emplace_back(Pem::text(issued.certificate + (whole ? below.roots() : "")),
                                      Pem::text(issued.key));
    Bed bed(options);
    EXPECT_EQ(bed.refusal(trusting) == "connected", whole);
  }
}

TEST(Tls, TheCommonNameIsNoName) {
  const TestAuthority ca;
  TlsServerOptions options;
  options.certificates.push_back(ca.issue(CertificateWish("").common_name("shop.example")).pair());
  Bed bed(options);
  TlsClientOptions trusting;
  trusting.roots = Pem::text(ca.roots());
  EXPECT_THAT(bed.refusal(trusting), HasSubstr("hostname mismatch"));
}

TEST(Tls, ACertificateOfAStrangerOrOutOfItsTimeIsRefused) {
  Bed bed;
  TlsClientOptions other;
  other.roots = Pem::text(TestAuthority("another CA").roots());
  EXPECT_THAT(bed.refusal(other), HasSubstr("unable to get local issuer certificate"));
  EXPECT_THAT(bed.log.all.back(), HasSubstr("unknown ca")) << "the server hears why";

  const TestAuthority ca;
  TlsClientOptions trusting;
  trusting.roots = Pem::text(ca.roots());
  const auto of = [&](const CertificateWish& wish) {
    TlsServerOptions options;
    options.certificates.push_back(ca.issue(wish).pair());
    return options;
  };
  EXPECT_THAT(Bed(of(CertificateWish("DNS:shop.example").valid(-48h, -24h))).refusal(trusting),
              HasSubstr("has expired"));
  EXPECT_THAT(Bed(of(CertificateWish("DNS:shop.example").valid(24h, 48h))).refusal(trusting),
              HasSubstr("not yet valid"));
  EXPECT_THAT(Bed(of(CertificateWish("DNS:shop.example").usage("clientAuth"))).refusal(trusting), HasSubstr("purpose"));
}

TEST(Tls, SniPicksTheCertificate) {
  const TestAuthority ca;
  TlsServerOptions options;
  for (const char* names : {"DNS:first.example", "DNS:second.example,DNS:*.second.example", "IP:10.0.0.7"})
    options.certificates.push_back(ca.issue(CertificateWish(names)).pair());
  TlsClientOptions trusting;
  trusting.roots = Pem::text(ca.roots());
  Bed bed(options);
  EXPECT_EQ(bed.refusal(trusting, "first.example"), "connected");
  EXPECT_EQ(bed.refusal(trusting, "second.example"), "connected");
  EXPECT_EQ(bed.refusal(trusting, "A.Second.Example"), "connected");
  EXPECT_THAT(bed.refusal(trusting, "third.example"), HasSubstr("mismatch")) << "the first serves the rest";
  EXPECT_THAT(bed.refusal(trusting, "10.0.0.7"), HasSubstr("mismatch")) << "addresses are never sent as SNI";
}

struct Mutual : ::testing::Test {
  TlsServerOptions asking(ClientCertificates how) const {
    TlsServerOptions options;
    options.certificates.push_back(ca.issue(CertificateWish("DNS:shop.example")).pair());
    options.client_certificates = how;
    options.client_roots = Pem::text(ca.roots());
    return options;
  }
  TlsClientOptions client(const TestAuthority* from, const CertificateWish& wish = CertificateWish("")) const {
    TlsClientOptions options;
    options.roots = Pem::text(ca.roots());
    if (from != nullptr) options.certificate = from->issue(wish).pair();
    return options;
  }
  // Under TLS 1.3 the client is done before the server has judged its certificate: the server's word counts.
  static bool admits(Bed& bed, TlsClientOptions options) {
    const std::size_t before = bed.served.size();
    Connected client = bed.connect(std::move(options));
    return client && bed.served.size() == before + 1;
  }
  TestAuthority ca;
};

TEST_F(Mutual, RequiredMeansRequired) {
  Bed bed(asking(ClientCertificates::required));
  EXPECT_FALSE(admits(bed, client(nullptr)));
  EXPECT_THAT(bed.log.all.back(), HasSubstr("peer did not return a certificate"));
  const CertificateWish wish = CertificateWish("URI:spiffe://shop/billing,DNS:billing.shop").common_name("billing");
  ASSERT_TRUE(admits(bed, client(&ca, wish)));
  const PeerCertificate& shown = bed.served.back()->tls()->certificate;
  EXPECT_TRUE(bed.served.back()->tls()->has_certificate);
  EXPECT_THAT(shown.uri_names, ElementsAre("spiffe://shop/billing"));
  EXPECT_THAT(shown.dns_names, ElementsAre("billing.shop"));
  EXPECT_EQ(shown.subject, "CN=billing");
  EXPECT_EQ(shown.sha256.size(), 64U);
}

TEST_F(Mutual, OptionalMeansThatWhatIsShownMustBeGood) {
  Bed bed(asking(ClientCertificates::optional));
  EXPECT_TRUE(admits(bed, client(nullptr)));
  EXPECT_FALSE(bed.served.back()->tls()->has_certificate);
  EXPECT_TRUE(admits(bed, client(&ca)));
  const TestAuthority stranger("stranger");
  EXPECT_FALSE(admits(bed, client(&stranger)));
  EXPECT_FALSE(admits(bed, client(&ca, CertificateWish("").valid(-48h, -24h))));
  EXPECT_FALSE(admits(bed, client(&ca, CertificateWish("").usage("serverAuth"))));
}

TEST_F(Mutual, WhatAnAuthorityHasTakenBackIsRefused) {
  const auto good = ca.issue(CertificateWish("DNS:good")), bad = ca.issue(CertificateWish("DNS:bad"));
  const auto shows = [&](const TestAuthority::Issued& one) {
    TlsClientOptions options = client(nullptr);
    options.certificate = one.pair();
    return options;
  };
  TlsServerOptions options = asking(ClientCertificates::required);
  options.client_revocations = Pem::text(ca.revocations({bad}));
  Bed bed(options);
  EXPECT_TRUE(admits(bed, shows(good)));
  EXPECT_FALSE(admits(bed, shows(bad)));
  EXPECT_THAT(bed.log.all.back(), HasSubstr("certificate revoked"));
}

TEST_F(Mutual, WhatNobodyCanSayOfIsRefusedUnlessItMayPass) {
  const TestAuthority other("other");
  for (const std::string& list : {other.revocations({}), ca.revocations({}, -60s)}) {
    TlsServerOptions options = asking(ClientCertificates::required);
    options.client_revocations = Pem::text(list);
    Bed strict(options);
    EXPECT_FALSE(admits(strict, client(&ca)));
    options.refuse_undetermined = false;
    Bed lenient(options);
    EXPECT_TRUE(admits(lenient, client(&ca)));
  }
}

TEST(Tls, ThePairThatIsLoadedIsTheOneThatNewHandshakesSee) {
  const test::TemporaryFolder folder;
  const TestAuthority ca;
  const auto put = [&](const char* names) {
    const auto issued = ca.issue(CertificateWish(names));
    std::ofstream(folder.path + "/tls.crt") << issued.certificate;
    std::ofstream(folder.path + "/tls.key") << issued.key;
  };
  put("DNS:old.example");
  TlsServerOptions options;
  options.certificates.emplace_back(Pem::file(folder.path + "/tls.crt"), Pem::file(folder.path + "/tls.key"));
  Bed bed(options);
  TlsClientOptions trusting;
  trusting.roots = Pem::text(ca.roots());
  Connected old = bed.connect(trusting, "old.example");
  ASSERT_TRUE(old);
  bed.echo();
  put("DNS:new.example");
  ASSERT_EQ(bed.server->reload(), Reload::replaced);
  EXPECT_EQ(bed.refusal(trusting, "new.example"), "connected");
  EXPECT_THAT(bed.refusal(trusting, "old.example"), HasSubstr("mismatch"));
  EXPECT_EQ(bed.ask(std::move(*old), "still here"), "still here");
}

// One client, and connections of it to the bed's server.
struct Resuming {
  explicit Resuming(TlsServerOptions options = {}) : bed(std::move(options)) {}
  std::shared_ptr<TlsClient> client_of(TlsClientOptions options) {
    auto made = TlsClient::create(std::move(options));
    EXPECT_TRUE(made) << made.error().to_string();
    return *made;
  }
  // Whether a new connection resumed an old one, as both sides say; it reads, so tickets arrive.
  bool resumes(const std::shared_ptr<TlsClient>& client, std::string host = "shop.example") {
    bed.pair.emplace(bed.loop.loop(), bed.loop.loop());
    bed.acceptor->accept(bed.pair->take_b());
    Connected stream = bed.loop.start(tls_connect(client, bed.pair->take_a(), std::move(host))).get();
    EXPECT_TRUE(stream) << stream.error().to_string();
    if (!stream) return false;
    const bool resumed = (*stream)->tls()->resumed;
    EXPECT_EQ(bed.served.back()->tls()->resumed, resumed);
    EXPECT_EQ((*stream)->tls()->certificate.dns_names, std::vector<std::string>({"shop.example", "other.example"}));
    bed.echo();
    EXPECT_EQ(bed.ask(std::move(*stream), "hello"), "hello");
    return resumed;
  }
  static TlsServerOptions two_names(const TestAuthority& ca) {
    TlsServerOptions options;
    options.certificates.push_back(ca.issue(CertificateWish("DNS:shop.example,DNS:other.example")).pair());
    return options;
  }
  Bed bed;
};

TEST(TlsResumption, AClientResumesWhatTheServerGaveItAndEachTicketOnce) {
  const TestAuthority ca;
  Resuming test(Resuming::two_names(ca));
  TlsClientOptions options;
  options.roots = Pem::text(ca.roots());
  const auto client = test.client_of(options);
  EXPECT_FALSE(test.resumes(client));
  EXPECT_TRUE(test.resumes(client));
  EXPECT_TRUE(test.resumes(client)) << "a resumed connection is given a ticket of its own";
  EXPECT_FALSE(test.resumes(client, "other.example")) << "another server's name, another server's tickets";
  EXPECT_FALSE(test.resumes(test.client_of(options))) << "nor another client's";
}

TEST(TlsResumption, TicketsGoWithTheServersKeysAndAreNoLoss) {
  const test::TemporaryFolder folder;
  const TestAuthority ca;
  const auto put = [&] {
    const auto issued = ca.issue(CertificateWish("DNS:shop.example,DNS:other.example"));
    std::ofstream(folder.path + "/tls.crt") << issued.certificate;
    std::ofstream(folder.path + "/tls.key") << issued.key;
  };
  put();
  TlsServerOptions server;
  server.certificates.emplace_back(Pem::file(folder.path + "/tls.crt"), Pem::file(folder.path + "/tls.key"));
  Resuming test(server);
  TlsClientOptions options;
  options.roots = Pem::text(ca.roots());
  const auto client = test.client_of(options);
  EXPECT_FALSE(test.resumes(client));
  put();
  ASSERT_EQ(test.bed.server->reload(), Reload::replaced);
  EXPECT_FALSE(test.resumes(client));
  EXPECT_TRUE(test.resumes(client));
}

// A session was made with the identity that the client had then: the server remembers that one.
TEST(TlsResumption, SessionsAreDroppedWithTheIdentity) {
  const test::TemporaryFolder folder;
  const TestAuthority ca;
  const auto put = [&](const char* name) {
    const auto issued = ca.issue(CertificateWish("").common_name(name));
    std::ofstream(folder.path + "/tls.crt") << issued.certificate;
    std::ofstream(folder.path + "/tls.key") << issued.key;
  };
  put("old");
  TlsServerOptions server = Resuming::two_names(ca);
  server.client_certificates = ClientCertificates::required;
  server.client_roots = Pem::text(ca.roots());
  Resuming test(server);
  TlsClientOptions options;
  options.roots = Pem::text(ca.roots());
  options.certificate = KeyPair(Pem::file(folder.path + "/tls.crt"), Pem::file(folder.path + "/tls.key"));
  const auto client = test.client_of(options);
  EXPECT_FALSE(test.resumes(client));
  EXPECT_TRUE(test.resumes(client)) << "with a client certificate too";
  put("new");
  ASSERT_EQ(client->reload(), Reload::replaced);
  EXPECT_FALSE(test.resumes(client));
}

TEST(Tls, ANameIsComparedInItsNormalForm) {
  const TestAuthority ca;
  TlsServerOptions server;
  server.certificates.push_back(ca.issue(CertificateWish("DNS:shop.example,IP:::1")).pair());
  TlsClientOptions trusting;
  trusting.roots = Pem::text(ca.roots());
  for (const char* host : {"shop.example", "Shop.Example", "shop.example.", "::1", "[::1]", "::1%lo"}) {
    Bed bed(server);
    ASSERT_TRUE(bed.connect(trusting, host)) << host;
    const std::string name = std::string_view(host).contains(':') ? "" : "shop.example";
    EXPECT_EQ(bed.served.back()->tls()->server_name, name) << "SNI for " << host;
  }
}

TEST(Tls, TheKeyLogHasTheSecretsOfBothSides) {
  const test::TemporaryFolder folder;
  const auto secrets = [](const std::string& path) {
    std::vector<std::string> lines;
    while (lines.size() < 5) {  // of a TLS 1.3 session; they leave in a time of their own
      lines.clear();
      std::ifstream file(path);
      for (std::string line; std::getline(file, line);) lines.push_back(line);
    }
    return lines;
  };
  const TestAuthority ca;
  TlsServerOptions options;
  for (const char* names : {"DNS:first.example", "DNS:second.example"})
    options.certificates.push_back(ca.issue(CertificateWish(names)).pair());
  options.key_log_file = folder.path + "/server";
  Bed bed(options);
  TlsClientOptions client;
  client.roots = Pem::text(ca.roots());
  client.key_log_file = folder.path + "/client";
  ASSERT_TRUE(bed.connect(client, "second.example")) << "whichever certificate SNI picks";
  EXPECT_THAT(secrets(folder.path + "/client"), Contains(StartsWith("CLIENT_HANDSHAKE_TRAFFIC_SECRET ")));
  EXPECT_THAT(secrets(folder.path + "/client"), UnorderedElementsAreArray(secrets(folder.path + "/server")));
}

TEST(Tls, WhoSpeaksNoTlsIsNamedOnce) {
  Bed bed;
  const auto say = [&](std::string_view text) {
    MemoryPair pair(bed.loop.loop(), bed.loop.loop());
    auto client = pair.take_a();
    bed.acceptor->accept(pair.take_b());
    EXPECT_EQ(client->write(std::as_bytes(std::span(text))).state, IoState::ok);
    bed.loop.run_until_idle();
    EXPECT_FALSE(pair.open_b());
    return bed.log.all.empty() ? std::string() : bed.log.all.back();
  };
  EXPECT_THAT(say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), HasSubstr("the client speaks plaintext HTTP/2"));
  EXPECT_THAT(say("GET / HTTP/1.1\r\n\r\n"), HasSubstr("the client speaks plaintext HTTP/1"));
  EXPECT_THAT(say(std::string(16, '\1')), HasSubstr("speaks no TLS"));
  for (int i = 0; i < 100; ++i) say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_LE(bed.log.all.size(), 5U) << "a stranger can't fill the log";
  EXPECT_EQ(bed.server->counts().failed_handshakes, 103U);
}

TEST(Tls, AServerThatSpeaksNoTlsIsNamed) {
  Bed bed;
  MemoryPair pair(bed.loop.loop(), bed.loop.loop());
  auto server = pair.take_b();
  auto running = bed.loop.start(tls_connect(*TlsClient::create(), pair.take_a(), "shop.example"));
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  EXPECT_EQ(server->write(std::as_bytes(std::span(settings))).state, IoState::ok);
  bed.loop.run_until_idle();
  ASSERT_TRUE(running.done());
  EXPECT_THAT(running.get().error().message(), HasSubstr("the server speaks plaintext HTTP/2 where TLS is spoken"));
}

TEST(Tls, AHandshakeEndsInTimeOnBothSides) {
  Bed bed;
  auto running = bed.begin(bed.trusting(), "shop.example", Deadline::after(bed.loop.now(), 3s));
  bed.served.clear();

  MemoryPair silent(bed.loop.loop(), bed.loop.loop());
  auto client = silent.take_a();
  bed.acceptor->accept(silent.take_b());
  bed.loop.advance(9s);
  EXPECT_TRUE(silent.open_b());
  EXPECT_EQ(bed.acceptor->in_flight(), 1U);
  bed.loop.advance(1s);
  EXPECT_FALSE(silent.open_b());
  EXPECT_THAT(bed.log.all.back(), HasSubstr("took too long"));

  MemoryPair dead(bed.loop.loop(), bed.loop.loop());
  auto never = dead.take_b();
  auto waiting = bed.loop.start(
      tls_connect(*TlsClient::create(), dead.take_a(), "shop.example", Deadline::after(bed.loop.now(), 3s)));
  bed.loop.advance(2999ms);
  EXPECT_FALSE(waiting.done());
  bed.loop.advance(1ms);
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.get().error().code(), Code::deadline_exceeded);
}

TEST(Tls, HandshakesInFlightAreBounded) {
  Bed bed;
  std::vector<std::unique_ptr<ByteStream>> clients;
  std::vector<std::unique_ptr<MemoryPair>> pairs;
  for (int i = 0; i < 5; ++i) {
    auto& pair = *pairs.emplace_back(std::make_unique<MemoryPair>(bed.loop.loop(), bed.loop.loop()));
    clients.push_back(pair.take_a());
    bed.acceptor->accept(pair.take_b());
  }
  bed.loop.run_until_idle();
  EXPECT_EQ(bed.acceptor->in_flight(), 3U);
  EXPECT_TRUE(pairs[2]->open_b());
  EXPECT_FALSE(pairs[3]->open_b());
  EXPECT_THAT(bed.log.all.back(), HasSubstr("too many handshakes"));
  clients.clear();
  bed.loop.run_until_idle();
  EXPECT_EQ(bed.acceptor->in_flight(), 0U) << "who goes away makes room";
}

TEST(Tls, TheEndOfThePeersSideIsTheEnd) {
  Bed bed;
  Connected client = bed.connect(bed.trusting());
  ASSERT_TRUE(client);
  auto& server = *bed.served.front();
  struct Ear final : ByteStream::Observer {
    void on_readable() noexcept override { ++heard; }
    void on_writable() noexcept override {}
    int heard = 0;
  } ear, other;
  server.set_observer(ear);
  (*client)->set_observer(other);
  const std::string last = "last words";
  EXPECT_EQ((*client)->write(std::as_bytes(std::span(last))).state, IoState::ok);
  (*client)->shutdown_write();
  server.want_read();
  bed.loop.run_until_idle();
  EXPECT_EQ(ear.heard, 1);
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(server.read(buffer).size, last.size());
  EXPECT_EQ(server.read(buffer).state, IoState::end);
  server.want_read();
  bed.loop.run_until_idle();
  EXPECT_EQ(ear.heard, 1) << "an end is told once: our side may go on for long";
  EXPECT_EQ(server.read(buffer).state, IoState::end);
  bed.pair->reset("gone");
  bed.loop.run_until_idle();
  EXPECT_EQ(ear.heard, 2) << "but who asks hears that the connection is gone";
  EXPECT_EQ(server.read(buffer).state, IoState::error);
}

TEST(Tls, ABrokenConnectionIsAnErrorThatSaysSo) {
  Bed bed;
  Connected client = bed.connect(bed.trusting());
  ASSERT_TRUE(client);
  struct Ear final : ByteStream::Observer {
    void on_readable() noexcept override { heard = true; }
    void on_writable() noexcept override {}
    bool heard = false;
  } ear;
  (*client)->set_observer(ear);
  (*client)->want_read();
  bed.loop.run_until_idle();
  std::array<std::byte, 64> buffer;
  EXPECT_EQ((*client)->read(buffer).state, IoState::would_block);
  ear.heard = false;
  (*client)->want_read();
  bed.pair->reset("connection reset by the test");
  bed.loop.run_until_idle();
  EXPECT_TRUE(ear.heard);
  EXPECT_EQ((*client)->read(buffer).state, IoState::error);
  EXPECT_THAT((*client)->error(), HasSubstr("connection reset by the test"));
  EXPECT_EQ((*client)->write(std::as_bytes(std::span("x"))).state, IoState::error);
}

// Whoever has written all of it may let go of the stream: it must not be lost in between.
TEST(Tls, WhatCountsAsWrittenHasLeft) {
  Bed bed;
  auto running = bed.begin(bed.trusting());
  Connected client = running.get();
  ASSERT_TRUE(client);
  bed.pair->set_capacity(MemoryPair::Direction::a_to_b, 1000);
  struct Ear final : ByteStream::Observer {
    void on_readable() noexcept override {}
    void on_writable() noexcept override { writable = true; }
    bool writable = false;
  } ear, other;
  (*client)->set_observer(ear);
  bed.served.front()->set_observer(other);
  std::string rest(200'000, 'y'), came;
  std::vector<std::byte> buffer(100'000);
  const auto drain = [&] {
    while (true) {
      const IoResult got = bed.served.front()->read(buffer);
      if (got.state != IoState::ok) return got.state;
      came.append(reinterpret_cast<const char*>(buffer.data()), got.size);
      bed.served.front()->want_read();
      bed.loop.run_until_idle();
    }
  };
  while (!rest.empty()) {
    const IoResult sent = (*client)->write(std::as_bytes(std::span(rest)));
    if (sent.state == IoState::ok) {
      rest.erase(0, sent.size);
      continue;
    }
    ASSERT_EQ(sent.state, IoState::would_block);
    ear.writable = false;
    (*client)->want_write();
    while (!ear.writable) {
      bed.served.front()->want_read();
      bed.loop.run_until_idle();
      drain();
      bed.loop.run_until_idle();
    }
  }
  client->reset();
  bed.loop.run_until_idle();
  for (int i = 0; i < 10 && came.size() < 200'000; ++i) {
    bed.served.front()->want_read();
    bed.loop.run_until_idle();
    drain();
  }
  EXPECT_EQ(came.size(), 200'000U);
}

}  // namespace
}  // namespace pintle::net
