// TLS over another stream.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <pintle/async/loop.hpp>
#include <pintle/base/buffer.hpp>
#include <pintle/net/byte_stream.hpp>
#include <pintle/net/host_name.hpp>
#include <pintle/net/internal/tls_context.hpp>

namespace pintle::net::tls {

// Begins with a handshake, which its owner drives: handshake() after each on_readable() and on_writable() until it is
// done. From then on it is a ByteStream as any other. Loop's thread only.
class TlsStream final : public ByteStream, ByteStream::Observer {
 public:
  // A server's side when `host` is null; else a client's that wants to reach `*host`, a DNS name or an IP address.
  TlsStream(std::unique_ptr<ByteStream> below, Context& context, const std::string* host);
  // OpenSSL's callback of a client: the server gave a session that may be resumed.
  static int keep_session(SSL* ssl, SSL_SESSION* session) noexcept;
  ~TlsStream() override;

  enum class Step : std::uint8_t { done, blocked, failed };
  // failed: error() says why, in words for a log line.
  Step handshake();

  void set_observer(ByteStream::Observer& observer) override { observer_ = &observer; }
  IoResult read(std::span<std::byte> into) override;
  IoResult write(std::span<const std::byte> from) override;
  void want_read() override;
  void want_write() override;
  void shutdown_write() override;
  void limit_unacknowledged(Duration limit) override { below_->limit_unacknowledged(limit); }
  std::string_view peer() const override { return below_->peer(); }
  std::string_view local() const override { return below_->local(); }
  std::string error() const override { return error_; }
  std::shared_ptr<const TlsInfo> tls() const override { return info_; }
  Loop& loop() override { return below_->loop(); }

 private:
  // What OpenSSL reads from and writes to: the stream below, and out_.
  struct Bio;
  int bio_read(char* into, int size);
  int bio_write(const char* from, int size);

  void on_readable() noexcept override;
  void on_writable() noexcept override;
  // False: the stream below takes no more now.
  bool flush();
  void listen_below();
  bool verify_host(const HostName& host);
  Step established();
  Step refused(int result);
  std::string explain() const;
  IoResult give_up(std::string why);

  // Calls on_readable() in the next turn.
  struct Again : Timer {
    explicit Again(TlsStream& of)
        : Timer([](Timer* t) noexcept { static_cast<Again*>(t)->stream.on_readable(); }), stream(of) {}
    TlsStream& stream;
  };

  std::unique_ptr<ByteStream> below_;
  Context& context_;
  std::shared_ptr<const Snapshot> snapshot_;  // its contexts' callbacks use it
  SslPtr ssl_;
  const bool client_;
  std::string server_;  // of a client: whose sessions it may resume
  ByteStream::Observer* observer_ = nullptr;
  std::shared_ptr<const TlsInfo> info_;
  Buffer out_;                 // records that the stream below has not taken
  std::size_t encrypted_ = 0;  // bytes of the writer's that are in out_ and were not reported as written
  Again again_{*this};
  std::string error_;
  std::array<char, 8> first_{};  // what the peer said first, and how much of it: to name those who speak no TLS
  std::size_t first_size_ = 0;
  bool established_ = false;
  bool ended_ = false;          // the peer ended its side
  bool told_end_ = false;       //   and the reader knows
  bool below_ended_ = false;    // with or without saying so
  bool below_drained_ = false;  // nothing more there until on_readable()
  bool starved_ = false;        // OpenSSL needs more bytes to give any
  bool wants_read_ = false, wants_write_ = false, shut_ = false;
};

}  // namespace pintle::net::tls
