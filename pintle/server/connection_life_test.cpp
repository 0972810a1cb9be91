// How long a server keeps its connections: age, idleness, keepalive (gRFC A9), and clients that ping too often (A8).
#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/net/tls_acceptor.hpp>
#include <pintle/net/tls_connector.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/certificates.hpp>

namespace pintle::server::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using wire::headers;

// A server with one method that waits; what it is told by the end of the call is in `ended`.
class Host : public ServerTest {
 public:
  explicit Host(ServerOptions options = {}) : ServerTest(with_random(std::move(options))) {
    service.add("/s/wait", [this](Call&) -> Task<Status> {
      Status waited = co_await door.wait();
      ended.push_back(waited);
      co_return waited;
    });
    start();
  }
  ~Host() { stop(); }
  Lines call(std::uint32_t stream) { return client().send(headers(stream, grpc("/s/wait")).end_stream()); }
  // Answers the PINGs that came among `lines`.
  Lines acknowledge(const Lines& lines) {
    std::string bytes;
    for (const std::string& line : lines)
      if (line.starts_with("PING ")) bytes += wire::ping(std::stoull(line.substr(5))).ack();
    return client().send(bytes);
  }

  Event door;
  std::vector<Status> ended;

 private:
  static ServerOptions with_random(ServerOptions options) {
    if (!options.random) options.random = [] { return 0.5; };
    return options;
  }
};

ServerOptions aged(Duration age, Duration grace = Duration::max()) {
  ServerOptions options;
  options.connection.max_age = age;
  options.connection.max_age_grace = grace;
  return options;
}

TEST(ConnectionAge, VariesByATenthAndTheGraceTimeDoesNot) {
  for (const auto& [random, age] : {std::pair(0.0, milliseconds(54'000)), std::pair(0.5, milliseconds(60'000)),
                                    std::pair(1.0, milliseconds(66'000))}) {
    ServerOptions options = aged(seconds(60), seconds(10));
    options.random = [random] { return random; };
    Host host(options);
    host.call(1);
    host.loop.advance(age - milliseconds(1));
    EXPECT_THAT(host.client().received(), IsEmpty());
    host.loop.advance(milliseconds(1));
    const Lines notice = host.client().received();
    EXPECT_THAT(notice, ElementsAre("GOAWAY 2147483647 NO_ERROR \"max_age\"", StartsWith("PING ")));
    EXPECT_THAT(host.acknowledge(notice), ElementsAre("GOAWAY 1 NO_ERROR \"max_age\""));
    host.loop.advance(seconds(10) - milliseconds(1));
    EXPECT_THAT(host.ended, IsEmpty());
    host.loop.advance(milliseconds(1));
    EXPECT_EQ(host.ended.size(), 1u);
  }
}

TEST(ConnectionAge, EachConnectionDrawsItsOwn) {
  ServerOptions options = aged(seconds(60));
  int drawn = 0;
  options.random = [&drawn] { return drawn++ == 0 ? 0.0 : 1.0; };
  Host host(options);
  FrameClient second(host.loop, host.server);
  second.shake_hands();
  host.loop.advance(seconds(54));
  EXPECT_THAT(host.client().received(), Contains(HasSubstr("max_age")));
  EXPECT_THAT(second.received(), IsEmpty());
  host.loop.advance(seconds(12));
  EXPECT_THAT(second.received(), Contains(HasSubstr("max_age")));
}

TEST(ConnectionAge, CallsThatEndInTheGraceTimeAreAnswered) {
  Host host(aged(seconds(60), seconds(10)));
  host.call(1);
  host.loop.advance(seconds(60));
  host.acknowledge(host.client().received());
  host.loop.advance(seconds(9));
  host.door.set();
  EXPECT_THAT(host.client().received(), ElementsAre(HasSubstr("grpc-status=0"), "END"));
  host.client().hang_up();
  EXPECT_EQ(host.server.connections(), 0u);
}

TEST(ConnectionAge, TheEndOfTheGraceTimeCancelsTheCallsOfThatConnectionOnly) {
  Host host(aged(seconds(60), seconds(10)));
  host.call(1);
  host.loop.advance(seconds(30));
  FrameClient young(host.loop, host.server);
  young.shake_hands();
  young.send(headers(1, grpc("/s/wait")).end_stream());
  host.loop.advance(seconds(30));
  host.acknowledge(host.client().received());
  host.loop.advance(seconds(10));
  ASSERT_EQ(host.ended.size(), 1u);
  EXPECT_EQ(host.ended[0].code(), Code::cancelled);
  EXPECT_THAT(host.client().received(), ElementsAre(StartsWith("GOAWAY 1 NO_ERROR"), "END"));
  EXPECT_EQ(host.server.connections(), 1u);
}

TEST(ConnectionAge, IsInfiniteByDefaultAndSoIsIdleness) {
  Host host;
  for (int i = 0; i < 1000; ++i) {
    host.loop.advance(hours(2));
    host.acknowledge(host.client().received());
  }
  EXPECT_EQ(host.server.connections(), 1u);
}

TEST(ConnectionIdle, IsCountedFromTheLastCallsEnd) {
  ServerOptions options;
  options.connection.idle_timeout = seconds(60);
  Host host(options);
  host.loop.advance(seconds(59));
  host.call(1);
  host.loop.advance(seconds(100));
  EXPECT_THAT(host.client().received(), IsEmpty());
  host.door.set();
  host.client().received();
  host.loop.advance(seconds(59));
  EXPECT_THAT(host.client().received(), IsEmpty());
  host.loop.advance(seconds(1));
  const Lines notice = host.client().received();
  EXPECT_THAT(notice, ElementsAre("GOAWAY 2147483647 NO_ERROR \"max_idle\"", StartsWith("PING ")));
  EXPECT_THAT(host.acknowledge(notice), ElementsAre("GOAWAY 1 NO_ERROR \"max_idle\"", "END"));
}

TEST(ServerKeepalive, AsksAfterTwoHoursWithoutCallsAndGivesUpTwentySecondsLater) {
  Host host;
  host.loop.advance(hours(2) - seconds(1));
  EXPECT_THAT(host.client().received(), IsEmpty());
  host.loop.advance(seconds(1));
  EXPECT_THAT(host.client().received(), ElementsAre(StartsWith("PING ")));
  host.loop.advance(seconds(20));
  EXPECT_THAT(host.client().received(), ElementsAre("END"));
  EXPECT_EQ(host.server.connections(), 0u);
}

TEST(ServerKeepalive, ADeadClientsCallsAreCancelled) {
  Host host;
  host.call(1);
  host.loop.advance(hours(2) + seconds(20));
  ASSERT_EQ(host.ended.size(), 1u);
  EXPECT_EQ(host.ended[0].code(), Code::cancelled);
}

TEST(PingStrikes, EndTheConnectionAtOnceAndItsCallsWithIt) {
  Host host;
  host.call(1);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    EXPECT_THAT(host.client().send(wire::ping(i)), ElementsAre("PING ACK " + std::to_string(i)));
    host.loop.advance(minutes(1));
  }
  EXPECT_THAT(host.client().send(wire::ping(4)), ElementsAre("GOAWAY 1 ENHANCE_YOUR_CALM \"too_many_pings\"", "END"));
  ASSERT_EQ(host.ended.size(), 1u);
  EXPECT_EQ(host.ended[0].code(), Code::cancelled);
}

TEST(PingStrikes, WhatTheServerSendsForgivesThem) {
  Host host;
  host.door.set();
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_THAT(host.client().send(wire::ping(1) + wire::ping(2) + wire::ping(3)),
                ElementsAre(StartsWith("PING ACK"), StartsWith("PING ACK"), StartsWith("PING ACK")));
    EXPECT_THAT(host.call(2 * i + 1), ElementsAre(HasSubstr("grpc-status=0")));
  }
}

// -- A client that ends its side ------------------------------------------------------------------------------------

TEST(HalfClosed, AClientThatHasAskedAllGetsItsAnswers) {
  Host host;
  host.call(1);
  host.client().end_input();
  EXPECT_THAT(host.client().received(), ElementsAre(StartsWith("PING "))) << "a client that is gone would answer that";
  EXPECT_THAT(host.ended, IsEmpty());
  host.door.set();
  EXPECT_THAT(host.client().received(), ElementsAre(HasSubstr("grpc-status=0"), "END"));
  EXPECT_EQ(host.server.connections(), 0u);
}

TEST(HalfClosed, ARequestThatIsNotCompleteEndsWithIt) {
  Host host;
  host.client().send(headers(1, grpc("/s/wait")));
  host.call(3);
  host.client().end_input();
  ASSERT_EQ(host.ended.size(), 1u);
  EXPECT_EQ(host.ended[0].code(), Code::cancelled);
  host.door.set();
  EXPECT_THAT(host.client().received(), Contains(AllOf(HasSubstr("HEADERS 3"), HasSubstr("grpc-status=0"))));
}

TEST(HalfClosed, WithoutCallsTheConnectionEnds) {
  Host host;
  host.client().end_input();
  EXPECT_EQ(host.server.connections(), 0u);
}

TEST(HalfClosed, AClientThatIsGoneAltogetherEndsItsCallsAtOnce) {
  Host host;
  host.call(1);
  host.client().hang_up();
  ASSERT_EQ(host.ended.size(), 1u);
  EXPECT_EQ(host.ended[0].code(), Code::cancelled);
  EXPECT_EQ(host.server.connections(), 0u);
}

TEST(HalfClosed, TheDeadlineHoldsAndTheEndOfTheGraceTimeToo) {
  {
    Host host;
    host.client().send(headers(1, grpc("/s/wait", {{"grpc-timeout", "1S"}})).end_stream());
    host.client().end_input();
    host.loop.advance(seconds(1));
    EXPECT_THAT(host.client().received(), Contains(HasSubstr("grpc-status=4")));
    EXPECT_EQ(host.server.connections(), 0u);
  }
  Host host;
  host.call(1);
  host.client().end_input();
  host.server.drain(seconds(1), [] {});
  host.loop.advance(seconds(1));
  EXPECT_EQ(host.server.connections(), 0u);
}

// close_notify ends one direction only (RFC 8446 section 6.1).
TEST(HalfClosed, UnderTlsTooTheAnswerComes) {
  const pintle::testing::TestAuthority ca;
  net::TlsServerOptions serving;
  serving.certificates.push_back(ca.issue(pintle::testing::CertificateWish("DNS:shop.example")).pair());
  net::TlsClientOptions trusting;
  trusting.roots = net::Pem::text(ca.roots());
  Host host;
  net::TlsAcceptor acceptor(host.loop.loop(), net::TlsServer::create(serving).value(),
                            [&](std::unique_ptr<net::ByteStream> stream) { host.server.serve(std::move(stream)); });
  pintle::testing::MemoryPair pair(host.loop.loop(), host.loop.loop());
  acceptor.accept(pair.take_b());
  auto stream =
      host.loop.run(net::tls_connect(net::TlsClient::create(trusting).value(), pair.take_a(), "shop.example"));
  ASSERT_TRUE(stream) << stream.error().to_string();
  FrameClient client(host.loop, *std::move(stream));
  client.shake_hands();
  client.send(headers(1, grpc("/s/wait")).end_stream());
  client.end_input();
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("PING ")));
  EXPECT_THAT(host.ended, IsEmpty());
  host.door.set();
  EXPECT_THAT(client.received(), ElementsAre(HasSubstr("grpc-status=0"), "END"));
  ASSERT_EQ(host.ended.size(), 1u);
  EXPECT_TRUE(host.ended[0].ok());
}

}  // namespace
}  // namespace pintle::server::test
