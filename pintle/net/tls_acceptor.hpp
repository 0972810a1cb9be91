// The server's side of TLS handshakes on one loop: between a listener, which has connections, and whoever serves them.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include <pintle/async/loop.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/net/byte_stream.hpp>
#include <pintle/net/tls.hpp>

namespace pintle::net {

struct TlsAcceptorOptions {
  TlsAcceptorOptions() = default;
  Duration timeout = std::chrono::seconds(10);  // from the connection to the end of its handshake
  std::size_t max_in_flight = 1'000;            // handshakes at the same time; one more is closed at once
  Logger log;                                   // refused handshakes: at most a few lines in ten seconds
};

// One step of one handshake per turn of the loop, first come, first served: a storm of handshakes, each of which costs
// as much as hundreds of calls, slows its own kind down and nobody else. Loop's thread only.
class TlsAcceptor {
 public:
  // Gets streams whose handshake is done and has agreed on HTTP/2. Must not throw; may not destroy the acceptor.
  using OnStream = std::function<void(std::unique_ptr<ByteStream>)>;
  TlsAcceptor(Loop& loop, std::shared_ptr<TlsServer> tls, OnStream on_stream, TlsAcceptorOptions options = {});
  TlsAcceptor(const TlsAcceptor&) = delete;
  // Closes the connections whose handshakes are not done.
  ~TlsAcceptor();

  void accept(std::unique_ptr<ByteStream> connection);
  std::size_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle::net
