#include <pintle/server/internal/door.hpp>

#include <utility>

#include <pintle/server/internal/loop_server.hpp>

namespace pintle::server {

Door::Door(LoopServer& home, const Selection& selection, const ListenOptions& options) : Door(home, selection) {
  if (options.tls == nullptr) return;
  net::TlsAcceptorOptions tls;
  tls.timeout = options.handshake_timeout;
  tls.max_in_flight = options.max_handshakes;
  tls.log = home.options().log;
  tls_.emplace(
      home.loop(), options.tls,
      [this](std::unique_ptr<net::ByteStream> connection) { home_.serve(std::move(connection), *this); }, tls);
}

void Door::enter(std::unique_ptr<net::ByteStream> connection) {
  if (tls_)
    tls_->accept(std::move(connection));
  else
    home_.serve(std::move(connection), *this);
}

transport::Exchange& Door::accept(transport::Connection& connection, const transport::Headers& fields) {
  return home_.accept(connection, fields, selection_);
}

}  // namespace pintle::server
