// The bytes of one connection: of a socket, or of OpenSSL's TLS over it. Client and floor are both made of it, so that
// neither is slower at TLS than the other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <openssl/ssl.h>
#include <sys/types.h>

namespace pintle::bench {

struct TlsDelete {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsDelete>;

// TLS 1.3 with TLS_AES_128_GCM_SHA256, key exchange and ECDSA on P-256, and nothing else: whoever agrees does the
// same work as everybody else. The client checks no certificate and resumes no session. Both end the process with a
// message when OpenSSL will not.
TlsContext tls_client();
TlsContext tls_server(const std::string& certificate_file, const std::string& key_file);

// Non-blocking, as its socket must be. The handshake is done by the first reads and writes.
class Wire {
 public:
  // Takes over `fd`. `tls` null: plaintext.
  Wire(int fd, SSL_CTX* tls, bool client);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  [[nodiscard]] int fd() const { return fd_; }
  // As recv(2) and send(2): 0 is the end, -1 with EAGAIN in errno "not now", -1 with anything else the end with an
  // error(). A write that was refused must be repeated with the same bytes, more may follow them.
  ssize_t read(void* into, std::size_t size);
  ssize_t write(const void* from, std::size_t size);
  // Bytes have been taken from the socket and not been read: epoll knows nothing of them.
  [[nodiscard]] bool pending() const { return ssl_ != nullptr && SSL_has_pending(ssl_.get()) != 0; }
  // The last write was refused because TLS needs to read first.
  [[nodiscard]] bool must_read() const { return must_read_; }
  // Ends our side.
  void end();
  [[nodiscard]] std::string error() const;

 private:
  ssize_t outcome(int result, bool writing);

  int fd_;
  std::unique_ptr<SSL, TlsDelete> ssl_;
  bool must_read_ = false;
  int errno_ = 0;
  unsigned long tls_error_ = 0;
};

}  // namespace pintle::bench
