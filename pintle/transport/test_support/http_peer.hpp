// An HTTP server for tests, which answers whatever bytes the test says, over TCP or TLS on a loopback port.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pintle/testing/kit/certificates.hpp>

namespace pintle::testing {

// One connection after the other, each with one request.
class HttpPeer {
 public:
  // From the request's bytes to the answer's; "" closes at once, kSilence keeps the connection and says nothing until
  // the peer goes away.
  using Answer = std::function<std::string(const std::string& request)>;
  static constexpr std::string_view kSilence = "(silence)";

  // What waits for start() has a port already: for tests that fork before they start threads.
  enum class Begin : std::uint8_t { at_once, when_started };
  explicit HttpPeer(Answer answer, const TestAuthority::Issued* tls = nullptr, std::string_view alpn = "http/1.1",
                    Begin begin = Begin::at_once)
      : answer_(std::move(answer)), alpn_(static_cast<char>(alpn.size()) + std::string(alpn)) {
    if (tls != nullptr) use(*tls);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 16) != 0 || ::getsockname(listener_, any, &size) != 0)
      throw std::runtime_error("no port");
    port_ = ntohs(address.sin_port);
    if (begin == Begin::at_once) start();
  }
  void start() {
    thread_ = std::jthread([this] { serve(); });
  }
  ~HttpPeer() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  std::string url(std::string_view path) const {
    return std::string(context_ != nullptr ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_) +
           std::string(path);
  }
  // With a length and no more than it needs.
  static std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\nX-Two: 2\r\n\r\n" +
           std::string(body);
  }

 private:
  void use(const TestAuthority::Issued& pair) {
    context_ = SSL_CTX_new(TLS_server_method());
    BIO* const certificate = BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size()));
    BIO* const key = BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size()));
    X509* const x509 = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
    EVP_PKEY* const pkey = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, x509);
    SSL_CTX_use_PrivateKey(context_, pkey);
    SSL_CTX_set_alpn_select_cb(context_, &HttpPeer::agree, this);
    EVP_PKEY_free(pkey);
    X509_free(x509);
    BIO_free(key);
    BIO_free(certificate);
  }
  static int agree(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                   unsigned int length, void* peer) {
    const std::string& ours = static_cast<HttpPeer*>(peer)->alpn_;
    unsigned char* chosen = nullptr;
    const int agreed = SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(ours.data()),
                                             static_cast<unsigned>(ours.size()), offered, length);
    *out = chosen;
    return agreed == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  }
  void serve() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      SSL* ssl = context_ != nullptr ? SSL_new(context_) : nullptr;
      if (ssl != nullptr) SSL_set_fd(ssl, connection);
      if (ssl == nullptr || SSL_accept(ssl) == 1) talk(connection, ssl);
      if (ssl != nullptr) SSL_shutdown(ssl);
      SSL_free(ssl);
      ::close(connection);
    }
  }
  void talk(int connection, SSL* ssl) {
    std::string request;
    char bytes[4096];
    const auto read = [&] {
      return ssl != nullptr ? SSL_read(ssl, bytes, sizeof bytes)
                            : static_cast<int>(::recv(connection, bytes, sizeof bytes, 0));
    };
    while (!whole(request)) {
      const int n = read();
      if (n <= 0) return;
      request.append(bytes, static_cast<std::size_t>(n));
    }
    std::string_view rest;
    const std::string answer = answer_(request);
    if (answer == kSilence) {
      while (read() > 0) continue;
      return;
    }
    rest = answer;
    while (!rest.empty()) {
      const int n = ssl != nullptr ? SSL_write(ssl, rest.data(), static_cast<int>(rest.size()))
                                   : static_cast<int>(::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL));
      if (n <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  static bool whole(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t length = request.find("Content-Length: ");
    return length == std::string::npos || request.size() >= end + 4 + std::stoul(request.substr(length + 16));
  }

  const Answer answer_;
  const std::string alpn_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace pintle::testing
