#include <pintle/net/internal/tls_sessions.hpp>

#include <gtest/gtest.h>

namespace pintle::net::tls {
namespace {

SessionPtr session(int version) {
  SessionPtr made(SSL_SESSION_new());
  EXPECT_EQ(SSL_SESSION_set_protocol_version(made.get(), version), 1);
  return made;
}

TEST(TlsSessions, ATicketOfTls13IsGivenOnceAndTheNewestFirst) {
  Sessions sessions;
  SessionPtr old = session(TLS1_3_VERSION), young = session(TLS1_3_VERSION);
  const SSL_SESSION *first = young.get(), *second = old.get();
  sessions.put("shop", std::move(old));
  sessions.put("shop", std::move(young));
  EXPECT_EQ(sessions.take("other"), nullptr);
  EXPECT_EQ(sessions.take("shop").get(), first);
  EXPECT_EQ(sessions.take("shop").get(), second);
  EXPECT_EQ(sessions.take("shop"), nullptr);
}

// RFC 5246 lets a session be resumed again and again, and servers give no new one then.
TEST(TlsSessions, OneOfTls12IsGivenAgainAndAgain) {
  Sessions sessions;
  SessionPtr made = session(TLS1_2_VERSION);
  const SSL_SESSION* kept = made.get();
  sessions.put("shop", std::move(made));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sessions.take("shop").get(), kept);
  sessions.forget("shop");
  EXPECT_EQ(sessions.take("shop"), nullptr);
}

TEST(TlsSessions, FourOfAServerAreKeptAndOf256Servers) {
  Sessions sessions;
  for (int i = 0; i < 5; ++i) sessions.put("shop", session(TLS1_3_VERSION));
  for (int i = 0; i < 4; ++i) EXPECT_NE(sessions.take("shop"), nullptr) << i;
  EXPECT_EQ(sessions.take("shop"), nullptr) << "the oldest made way";

  for (int i = 0; i < 300; ++i) sessions.put(std::to_string(i), session(TLS1_3_VERSION));
  int kept = 0;
  for (int i = 0; i < 300; ++i) kept += sessions.take(std::to_string(i)) != nullptr ? 1 : 0;
  EXPECT_EQ(kept, 256);
}

}  // namespace
}  // namespace pintle::net::tls
