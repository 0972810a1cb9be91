#include <pintle/net/internal/tls_stream.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <pintle/net/internal/certificate.hpp>

namespace pintle::net::tls {
namespace {

constexpr std::size_t kChunk = 64 * 1024;       // plaintext that is encrypted ahead of the stream below
constexpr std::size_t kMaxUnsent = 256 * 1024;  // records that the peer's own doings may leave in out_
constexpr std::size_t kKeptOut = 4 * 1024;      // memory of out_ that an idle stream keeps

}  // namespace

struct TlsStream::Bio {
  static BIO_METHOD* method() {
    static BIO_METHOD* const kMade = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pintle stream");
      BIO_meth_set_read(m, [](BIO* bio, char* into, int size) { return stream(bio).bio_read(into, size); });
      BIO_meth_set_write(m, [](BIO* bio, const char* from, int size) { return stream(bio).bio_write(from, size); });
      BIO_meth_set_ctrl(m, [](BIO* bio, int command, long, void*) -> long {
        if (command == BIO_CTRL_EOF) return stream(bio).below_ended_ ? 1 : 0;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
      });
      return m;
    }();
    return kMade;
  }
  static TlsStream& stream(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }
};

TlsStream::TlsStream(std::unique_ptr<ByteStream> below, Context& context, const std::string* host)
    : below_(std::move(below)),
      context_(context),
      snapshot_(context.current()),
      ssl_(SSL_new(&snapshot_->first())),
      client_(host != nullptr) {
  BIO* bio = BIO_new(Bio::method());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (client_) {
    SSL_set_connect_state(ssl_.get());
    const HostName name(*host);
    if (!verify_host(name)) error_ = take_errors("the server's name can't be verified");
    server_ = name.certificate + ' ' + std::string(below_->peer());
    SSL_set_app_data(ssl_.get(), this);
    if (const SessionPtr session = snapshot_->sessions().take(server_)) SSL_set_session(ssl_.get(), session.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
  below_->set_observer(*this);
}

TlsStream::~TlsStream() {
  if (!established_) context_.count_handshake(false);
}

// The name must be in subjectAltName: the common name is never looked at (RFC 9525 section 2).
bool TlsStream::verify_host(const HostName& host) {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (host.is_address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.certificate.c_str()) == 1;
  return !host.certificate.empty() && SSL_set_tlsext_host_name(ssl_.get(), host.sni.c_str()) == 1 &&
         SSL_set1_host(ssl_.get(), host.certificate.c_str()) == 1;
}

// -- Below ------------------------------------------------------------------------------------------------------------

int TlsStream::bio_read(char* into, int size) {
  BIO* bio = SSL_get_rbio(ssl_.get());
  BIO_clear_retry_flags(bio);
  if (size <= 0 || below_ended_) return 0;
  if (!below_drained_) {
    const auto wanted = static_cast<std::size_t>(size);
    const IoResult got = below_->read({reinterpret_cast<std::byte*>(into), wanted});
    switch (got.state) {
      case IoState::ok:
        below_drained_ = got.size < wanted;
        if (first_size_ < first_.size()) {
          const std::size_t n = std::min(got.size, first_.size() - first_size_);
          std::memcpy(first_.data() + first_size_, into, n);
          first_size_ += n;
        }
        return static_cast<int>(got.size);
      case IoState::end:
        below_ended_ = true;
        return 0;
      case IoState::error:
        if (error_.empty()) error_ = below_->error();
        return -1;
      case IoState::would_block:
        below_drained_ = true;
        break;
    }
  }
  BIO_set_retry_read(bio);
  return -1;
}

int TlsStream::bio_write(const char* from, int size) {
  BIO* bio = SSL_get_wbio(ssl_.get());
  BIO_clear_retry_flags(bio);
  if (out_.size() > kMaxUnsent) {
    BIO_set_retry_write(bio);
    return -1;
  }
  out_.append(from, static_cast<std::size_t>(size));
  return size;
}

bool TlsStream::flush() {
  while (!out_.empty()) {
    const IoResult sent = below_->write(out_.bytes());
    if (sent.state == IoState::ok) {
      out_.consume(sent.size);
      continue;
    }
    if (sent.state == IoState::would_block) {
      below_->want_write();
      return false;
    }
    if (error_.empty()) error_ = below_->error();
    out_.clear();
    return true;
  }
  out_.shrink(kKeptOut);
  return true;
}

void TlsStream::on_readable() noexcept {
  again_.disarm();
  below_drained_ = starved_ = false;
  if (established_ && !std::exchange(wants_read_, false)) return;
  observer_->on_readable();
}

void TlsStream::on_writable() noexcept {
  const bool flushed = flush();
  if (!established_) return observer_->on_writable();
  if (!flushed) return;
  if (shut_) below_->shutdown_write();
  if (std::exchange(wants_write_, false)) observer_->on_writable();
}

// -- The handshake ----------------------------------------------------------------------------------------------------

TlsStream::Step TlsStream::handshake() {
  if (!error_.empty()) return Step::failed;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  const int why = SSL_get_error(ssl_.get(), result);
  flush();  // an alert too
  if (result == 1) return established();
  if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return refused(why);
  if (!error_.empty()) return Step::failed;
  if (why == SSL_ERROR_WANT_READ) below_->want_read();
  return Step::blocked;
}

TlsStream::Step TlsStream::established() {
  auto info = std::make_shared<TlsInfo>();
  SSL* ssl = ssl_.get();
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn_size == 0) {
    error_ = client_ ? "the server did not agree on our protocol (ALPN)" : "the client did not offer HTTP/2 (ALPN h2)";
    return Step::failed;
  }
  info->alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  info->version = SSL_get_version(ssl);
  info->cipher = SSL_get_cipher_name(ssl);
  info->resumed = SSL_session_reused(ssl) == 1;
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) info->server_name = name;
  if (X509* certificate = SSL_get0_peer_certificate(ssl)) {
    info->has_certificate = true;
    info->certificate = describe(*certificate);
  }
  info_ = std::move(info);
  established_ = true;
  context_.count_handshake(true);
  return Step::done;
}

// A copy: OpenSSL takes the original for spoilt when its connection ends without close_notify.
int TlsStream::keep_session(SSL* ssl, SSL_SESSION* session) noexcept {
  const auto* stream = static_cast<const TlsStream*>(SSL_get_app_data(ssl));
  if (SSL_SESSION_is_resumable(session) != 1) return 0;
  try {
    if (SessionPtr copy{SSL_SESSION_dup(session)}) stream->snapshot_->sessions().put(stream->server_, std::move(copy));
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; the next connection shakes hands in full
  }
  return 0;
}

TlsStream::Step TlsStream::refused(int why) {
  if (client_) snapshot_->sessions().forget(server_);
  if (error_.empty()) error_ = explain();
  if (error_.empty()) error_ = why == SSL_ERROR_SYSCALL || below_ended_ ? "the peer closed the connection" : "unknown";
  return Step::failed;
}

// The queue of errors in words; first those who speak something else than TLS.
std::string TlsStream::explain() const {
  const std::string_view first(first_.data(), first_size_);
  std::string text = take_errors("");
  if (first_size_ != 0 && first[0] != 0x16 && first[0] != 0x15) {
    const std::string_view who = client_ ? "the server" : "the client";
    if (first.starts_with("PRI ") || (client_ && first.size() >= 4 && first[3] == 4))
      return fmt::format("{} speaks plaintext HTTP/2 where TLS is spoken", who);
    if (first.starts_with("HTTP/") || (first[0] >= 'A' && first[0] <= 'Z'))
      return fmt::format("{} speaks plaintext HTTP/1 where TLS is spoken", who);
    return fmt::format("{} speaks no TLS", who);
  }
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK)
    return fmt::format("the {}'s certificate is refused: {}", client_ ? "server" : "client",
                       X509_verify_cert_error_string(verdict));
  return text;
}

// -- Above ------------------------------------------------------------------------------------------------------------

IoResult TlsStream::give_up(std::string why) {
  if (error_.empty()) error_ = std::move(why);
  return {IoState::error, 0};
}

IoResult TlsStream::read(std::span<std::byte> into) {
  std::size_t total = 0;
  while (total < into.size() && !ended_ && !starved_ && error_.empty()) {
    std::size_t n = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &n);
    if (result == 1) {
      total += n;
      continue;
    }
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        starved_ = true;
        break;
      case SSL_ERROR_ZERO_RETURN:
        ended_ = true;
        break;
      default:
        if (below_ended_)
          ended_ = true;
        else
          give_up(take_errors("the TLS connection broke"));
    }
  }
  if (!out_.empty()) flush();  // answers of TLS's own
  if (total != 0) return {IoState::ok, total};
  if (ended_ && error_.empty()) listen_below();
  if (!error_.empty()) return {IoState::error, 0};
  told_end_ = ended_;
  return {ended_ ? IoState::end : IoState::would_block, 0};
}

// The peer has said its last word: what may come is its system's, that the connection is gone.
void TlsStream::listen_below() {
  std::array<std::byte, 256> rest;
  IoResult got;
  do got = below_->read(rest);
  while (got.state == IoState::ok);
  if (got.state == IoState::error) error_ = below_->error();
}

void TlsStream::want_read() {
  wants_read_ = true;
  if ((starved_ || told_end_) && error_.empty())
    below_->want_read();
  else if (!again_.armed())
    loop().arm(again_, loop().now());
}

// Bytes count as written when the stream below has taken the records that carry them: who has nothing left to write may
// destroy the stream. Until then the caller comes again with the same bytes, as after any would_block.
IoResult TlsStream::write(std::span<const std::byte> from) {
  if (!error_.empty()) return {IoState::error, 0};
  if (encrypted_ == 0) {
    from = from.first(std::min(from.size(), kChunk));
    while (encrypted_ < from.size()) {
      std::size_t n = 0;
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), from.data() + encrypted_, from.size() - encrypted_, &n);
      if (result == 1) {
        encrypted_ += n;
        continue;
      }
      const int why = SSL_get_error(ssl_.get(), result);
      if (why != SSL_ERROR_WANT_WRITE && why != SSL_ERROR_WANT_READ) return give_up(take_errors("TLS broke"));
      break;
    }
  }
  const bool flushed = flush();
  if (!error_.empty()) return {IoState::error, 0};
  if (!flushed || encrypted_ == 0) return {IoState::would_block, 0};
  return {IoState::ok, std::exchange(encrypted_, 0)};
}

void TlsStream::want_write() {
  wants_write_ = true;
  below_->want_write();
}

void TlsStream::shutdown_write() {
  if (std::exchange(shut_, true)) return;
  ERR_clear_error();
  if (established_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  if (flush()) below_->shutdown_write();
}

}  // namespace pintle::net::tls
