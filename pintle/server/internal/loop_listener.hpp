// What one listener is on one loop: TLS where it has it, and which services lie behind it.
#pragma once

#include <memory>
#include <optional>

#include <pintle/net/tls_acceptor.hpp>
#include <pintle/server/internal/router.hpp>
#include <pintle/server/options.hpp>
#include <pintle/transport/connection.hpp>

namespace pintle::server {

class LoopServer;

// Loop's thread only. All that it is given outlives it; it outlives the connections of the loop.
class LoopListener final : public transport::Acceptor {
 public:
  LoopListener(LoopServer& loop_server, const Selection& selection)
      : loop_server_(loop_server), selection_(selection) {}
  LoopListener(LoopServer& loop_server, const Selection& selection, const ListenOptions& options);

  // A connection that was just made.
  void enter(std::unique_ptr<net::ByteStream> connection);

  // TLS handshakes in flight.
  std::size_t handshakes() const { return tls_ ? tls_->in_flight() : 0; }

  transport::Exchange& accept(transport::Connection& connection, const transport::Headers* fields) override;

 private:
  LoopServer& loop_server_;
  const Selection& selection_;
  std::optional<net::TlsAcceptor> tls_;
};

}  // namespace pintle::server
