// A connected stream of bytes on one loop: a TCP or unix socket, a TLS session over one, or half of an in-memory pair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <pintle/async/loop.hpp>
#include <pintle/base/tls_info.hpp>

namespace pintle::net {

enum class IoState : std::uint8_t {
  ok,           // `size` bytes were moved, at least one
  would_block,  // none now: ask for on_readable() or on_writable()
  end,          // read only: the peer has closed its side
  error,        // the connection is gone; error() says why
};

struct IoResult {
  IoState state = IoState::ok;
  std::size_t size = 0;
};

// Used by its loop's thread only. Neither side is ever blocked. The destructor closes it; no observer is called after
// that.
class ByteStream {
 public:
  // Called from the loop, never from inside a call of the stream.
  class Observer {
   public:
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;

   protected:
    ~Observer() = default;
  };

  virtual ~ByteStream() = default;
  // Must be called once before anything else.
  virtual void set_observer(Observer& observer) = 0;

  virtual IoResult read(std::span<std::byte> into) = 0;
  // After would_block the next write begins with the same bytes.
  virtual IoResult write(std::span<const std::byte> from) = 0;

  // One on_readable() (on_writable()) when a read (write) may make progress, an end and an error included. Asking again
  // before the call changes nothing. After read() has said end, on_readable() comes when the connection is gone.
  virtual void want_read() = 0;
  virtual void want_write() = 0;

  // Ends our side of the stream: the peer reads the rest, then the end.
  virtual void shutdown_write() = 0;

  // Bytes that the peer's machine leaves unacknowledged for so long break the connection (gRFC A18: TCP_USER_TIMEOUT on
  // Linux, rounded up to milliseconds); max() leaves it to the system. Streams that can't tell do nothing.
  virtual void limit_unacknowledged(Duration limit) { (void)limit; }

  // "ipv4:127.0.0.1:50051", "ipv6:[::1]:50051", "unix:/path" ("unix:" for an unnamed peer), "memory:..." .
  virtual std::string_view peer() const = 0;
  virtual std::string_view local() const = 0;
  // What went wrong, for a log line; empty while nothing did.
  virtual std::string error() const = 0;
  // What TLS agreed on; null without TLS.
  virtual std::shared_ptr<const TlsInfo> tls() const { return nullptr; }

  virtual Loop& loop() = 0;
};

}  // namespace pintle::net
