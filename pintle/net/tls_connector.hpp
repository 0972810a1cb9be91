// The client's side of a TLS handshake.
#pragma once

#include <memory>
#include <string>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/net/byte_stream.hpp>
#include <pintle/net/tls.hpp>

namespace pintle::net {

// Speaks TLS over `connection`, which lives on the awaiting coroutine's loop. `host`: the DNS name or IP address that
// the server's certificate must hold, unless `tls` names another. UNAVAILABLE says what the handshake failed of;
// DEADLINE_EXCEEDED; or the status of the scope when it is cancelled.
Task<Result<std::unique_ptr<ByteStream>>> tls_connect(std::shared_ptr<TlsClient> tls,
                                                      std::unique_ptr<ByteStream> connection, std::string host,
                                                      Deadline deadline = {});

}  // namespace pintle::net
