#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include "wire.hpp"

namespace pintle::bench {
namespace {

// A certificate that signs itself, and its key, in files that go with it.
class Certificate {
 public:
  Certificate() {
    std::string pattern = std::filesystem::temp_directory_path() / "wire_test-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* made = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    EXPECT_NE(X509_sign(made, key, EVP_sha256()), 0);
    std::FILE* file = std::fopen(certificate().c_str(), "w");
    EXPECT_EQ(PEM_write_X509(file, made), 1);
    std::fclose(file);
    file = std::fopen(this->key().c_str(), "w");
    EXPECT_EQ(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    std::fclose(file);
    X509_free(made);
    EVP_PKEY_free(key);
  }
  ~Certificate() { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string certificate() const { return folder_ / "cert.pem"; }
  [[nodiscard]] std::string key() const { return folder_ / "key.pem"; }

 private:
  std::filesystem::path folder_;
};

// Both ends of one connection.
class LoadWire : public testing::TestWithParam<bool> {
 protected:
  LoadWire() {
    std::signal(SIGPIPE, SIG_IGN);
    if (GetParam()) {
      const Certificate files;
      server_context_ = tls_server(files.certificate(), files.key());
      client_context_ = tls_client();
    }
  }
  void connect() {
    std::array<int, 2> pair{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
    client_ = std::make_unique<Wire>(pair[0], client_context_.get(), true);
    server_ = std::make_unique<Wire>(pair[1], server_context_.get(), false);
  }
  // Writes all of `text` at one end while the other reads; what was read there.
  static std::string carry(Wire& from, Wire& to, const std::string& text) {
    std::string read;
    std::string buffer(64 * 1024, '\0');
    for (std::size_t sent = 0; read.size() < text.size();) {
      if (sent < text.size()) {
        const ssize_t put = from.write(text.data() + sent, text.size() - sent);
        if (put > 0) sent += static_cast<std::size_t>(put);
        if (put < 0 && errno != EAGAIN) return "can't write: " + from.error();
        char none = 0;
        if (put < 0 && from.must_read()) from.read(&none, 1);
      }
      const ssize_t got = to.read(buffer.data(), buffer.size());
      if (got > 0) read.append(buffer.data(), static_cast<std::size_t>(got));
      if (got == 0) return "the end";
      if (got < 0 && errno != EAGAIN) return "can't read: " + to.error();
    }
    return read;
  }

  TlsContext server_context_, client_context_;
  std::unique_ptr<Wire> client_, server_;
};

TEST_P(LoadWire, CarriesBytesBothWays) {
  connect();
  std::string much;
  for (int i = 0; i < 300'000; ++i) much += std::to_string(i);
  EXPECT_EQ(carry(*client_, *server_, "ping"), "ping");
  EXPECT_EQ(carry(*server_, *client_, "pong"), "pong");
  EXPECT_TRUE(carry(*client_, *server_, much) == much) << "more than a socket holds, in its order";
  EXPECT_TRUE(carry(*server_, *client_, much) == much);
}

TEST_P(LoadWire, TellsTheEnd) {
  connect();
  EXPECT_EQ(carry(*client_, *server_, "ping"), "ping");
  char byte = 0;
  EXPECT_EQ(server_->read(&byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  client_->end();
  EXPECT_EQ(server_->read(&byte, 1), 0);
  EXPECT_EQ(carry(*server_, *client_, "bye"), "bye") << "the other side is still open";
  server_.reset();
  EXPECT_EQ(client_->read(&byte, 1), 0);
}

// epoll tells of the socket only: nothing may lie in between unnoticed.
TEST_P(LoadWire, SaysWhenBytesAreLeftAboveTheSocket) {
  connect();
  EXPECT_EQ(carry(*client_, *server_, "ping"), "ping");
  EXPECT_EQ(carry(*server_, *client_, "pong"), "pong");
  std::string expected, read;
  for (int i = 0; i < 20; ++i) {
    const std::string part = "record " + std::to_string(i) + ";";
    ASSERT_EQ(server_->write(part.data(), part.size()), static_cast<ssize_t>(part.size()));
    expected += part;
  }
  std::array<char, 7> few{};
  do {
    const ssize_t got = client_->read(few.data(), few.size());
    ASSERT_GT(got, 0);
    read.append(few.data(), static_cast<std::size_t>(got));
    if (!GetParam()) continue;
    char peeked = 0;
    const bool more_below = recv(client_->fd(), &peeked, 1, MSG_PEEK) > 0;
    ASSERT_TRUE(more_below || client_->pending() || read.size() == expected.size()) << read.size();
  } while (read.size() < expected.size());
  EXPECT_EQ(read, expected);
  EXPECT_FALSE(client_->pending());
}

INSTANTIATE_TEST_SUITE_P(InTheClearAndInTls, LoadWire, testing::Bool());

class LoadTls : public LoadWire {};
INSTANTIATE_TEST_SUITE_P(Only, LoadTls, testing::Values(true));

TEST_P(LoadTls, WaitsForTheServersPartOfTheHandshakeAndNotForRoom) {
  connect();
  EXPECT_EQ(client_->write("x", 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_TRUE(client_->must_read());
}

// A subject that agrees on anything else would do other work than its neighbours.
TEST_P(LoadTls, ServersWithAnotherCipherOrVersionAreNotMeasured) {
  SSL_CTX_set_ciphersuites(server_context_.get(), "TLS_AES_256_GCM_SHA384");
  connect();
  EXPECT_TRUE(carry(*client_, *server_, "ping").starts_with("can't read: TLS")) << "another cipher";

  SSL_CTX_set_ciphersuites(server_context_.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_min_proto_version(server_context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(server_context_.get(), TLS1_2_VERSION);
  connect();
  EXPECT_TRUE(carry(*client_, *server_, "ping").starts_with("can't read: TLS")) << "another version";
}

}  // namespace
}  // namespace pintle::bench
