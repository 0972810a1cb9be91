#include <pintle/server/internal/loop_listener.hpp>

#include <utility>

#include <pintle/server/internal/loop_server.hpp>

namespace pintle::server {

LoopListener::LoopListener(LoopServer& loop_server, const Selection& selection, const ListenOptions& options)
    : LoopListener(loop_server, selection) {
  if (options.tls == nullptr) return;
  net::TlsAcceptorOptions tls;
  tls.timeout = options.handshake_timeout;
  tls.max_in_flight = options.max_handshakes;
  tls.log = loop_server.options().log;
  tls_.emplace(
      loop_server.loop(), options.tls,
      [this](std::unique_ptr<net::ByteStream> connection) { loop_server_.serve(std::move(connection), *this); }, tls);
}

void LoopListener::enter(std::unique_ptr<net::ByteStream> connection) {
  if (tls_)
    tls_->accept(std::move(connection));
  else
    loop_server_.serve(std::move(connection), *this);
}

transport::Exchange& LoopListener::accept(transport::Connection& connection, const transport::Headers* fields) {
  return loop_server_.accept(connection, fields, selection_);
}

}  // namespace pintle::server
