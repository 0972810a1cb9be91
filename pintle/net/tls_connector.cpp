#include <pintle/net/tls_connector.hpp>

#include <utility>

#include <pintle/net/internal/conversation.hpp>
#include <pintle/net/internal/tls_stream.hpp>

namespace pintle::net {
namespace {

Task<Status> drive(tls::TlsStream& stream) {
  Progress progress;
  stream.set_observer(progress);
  for (;;) {
    progress.event.reset();
    switch (stream.handshake()) {
      case tls::TlsStream::Step::done:
        co_return Status();
      case tls::TlsStream::Step::failed:
        co_return Status(Code::unavailable,
                         fmt::format("the TLS handshake with {} failed: {}", stream.peer(), stream.error()),
                         Origin::library);
      case tls::TlsStream::Step::blocked:
        break;
    }
    if (Status status = co_await progress.event.wait(); !status.ok()) co_return status;
  }
}

}  // namespace

Task<Result<std::unique_ptr<ByteStream>>> tls_connect(std::shared_ptr<TlsClient> tls,
                                                      std::unique_ptr<ByteStream> connection, std::string host,
                                                      Deadline deadline) {
  const Env env = co_await current_env();
  if (!tls->server_name().empty()) host = tls->server_name();
  auto stream = std::make_unique<tls::TlsStream>(std::move(connection), tls->context(), &host);
  Patience patience(env.scope, "the TLS handshake was not done in time");
  if (!deadline.is_infinite()) env.loop->arm(patience, deadline.at());
  if (Status status = co_await drive(*stream).in({env.loop, &patience.scope, env.call}); !status.ok())
    co_return std::unexpected(std::move(status));
  co_return stream;
}

}  // namespace pintle::net
