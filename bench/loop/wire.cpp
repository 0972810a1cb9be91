#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.hpp"

namespace pintle::bench {
namespace {

constexpr std::size_t kReadAhead = 64 * 1024;
constexpr std::string_view kAlpn = "\x02h2";

void require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "TLS: %s: ", what);
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

TlsContext context(const SSL_METHOD* method) {
  TlsContext made(SSL_CTX_new(method));
  SSL_CTX* c = made.get();
  require(c != nullptr, "no context");
  require(SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256") == 1 && SSL_CTX_set1_groups_list(c, "P-256") == 1 &&
              SSL_CTX_set1_sigalgs_list(c, "ECDSA+SHA256") == 1,
          "its settings");
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
  // One recv(2) for many records, not two for each.
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_default_read_buffer_len(c, kReadAhead);
  return made;
}

}  // namespace

TlsContext tls_client() {
  TlsContext made = context(TLS_client_method());
  require(SSL_CTX_set_alpn_protos(made.get(), reinterpret_cast<const unsigned char*>(kAlpn.data()), kAlpn.size()) == 0,
          "ALPN");
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  return made;
}

TlsContext tls_server(const std::string& certificate_file, const std::string& key_file) {
  TlsContext made = context(TLS_server_method());
  SSL_CTX* c = made.get();
  require(SSL_CTX_use_certificate_chain_file(c, certificate_file.c_str()) == 1, certificate_file.c_str());
  require(SSL_CTX_use_PrivateKey_file(c, key_file.c_str(), SSL_FILETYPE_PEM) == 1, key_file.c_str());
  SSL_CTX_set_alpn_select_cb(
      c,
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned offered_size,
         void*) {
        unsigned char* chosen = nullptr;
        const auto* ours = reinterpret_cast<const unsigned char*>(kAlpn.data());
        if (SSL_select_next_proto(&chosen, size, ours, kAlpn.size(), offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
          return SSL_TLSEXT_ERR_ALERT_FATAL;
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  return made;
}

Wire::Wire(int fd, SSL_CTX* tls, bool client) : fd_(fd) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  require(ssl_ != nullptr && SSL_set_fd(ssl_.get(), fd) == 1, "no session");
  client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
}

Wire::~Wire() { close(fd_); }

ssize_t Wire::read(void* into, std::size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t got = recv(fd_, into, size, 0);
    if (got < 0) errno_ = errno;
    return got;
  }
  std::size_t total = 0;
  // What OpenSSL has taken from the socket is read to its end: epoll will not call for it.
  do {
    std::size_t got = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), static_cast<char*>(into) + total, size - total, &got);
    if (result != 1) return total != 0 ? static_cast<ssize_t>(total) : outcome(result, false);
    total += got;
  } while (total < size && pending());
  return static_cast<ssize_t>(total);
}

ssize_t Wire::write(const void* from, std::size_t size) {
  must_read_ = false;
  if (ssl_ == nullptr) {
    const ssize_t put = send(fd_, from, size, MSG_NOSIGNAL);
    if (put < 0) errno_ = errno;
    return put;
  }
  std::size_t put = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), from, size, &put);
  return result == 1 ? static_cast<ssize_t>(put) : outcome(result, true);
}

ssize_t Wire::outcome(int result, bool writing) {
  const int system = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      must_read_ = writing;
      errno = errno_ = EAGAIN;
      return -1;
    case SSL_ERROR_WANT_WRITE:
      errno = errno_ = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      errno = errno_ = system != 0 ? system : ECONNRESET;
      return -1;
    default:
      tls_error_ = ERR_get_error();
      errno = errno_ = EPROTO;
      return -1;
  }
}

void Wire::end() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  shutdown(fd_, SHUT_WR);
}

std::string Wire::error() const {
  if (tls_error_ == 0) return std::strerror(errno_);
  const char* reason = ERR_reason_error_string(tls_error_);
  return std::string("TLS: ") + (reason != nullptr ? reason : "unknown");
}

}  // namespace pintle::bench
