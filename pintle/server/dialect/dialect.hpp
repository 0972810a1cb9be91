// The seam between a call and what its content-type speaks: how a request's head is read, how messages lie in the two
// bodies, and how a response ends. gRPC speaks through it; gRPC-Web, Connect and JSON are others.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/rpc/stream.hpp>
#include <pintle/transport/headers.hpp>

namespace pintle::server {

// A request's head, understood. Views are valid as long as the fields are.
struct RequestHead {
  std::string_view path;  // empty where the request had none
  std::string_view authority;
  std::optional<Duration> timeout;
  // Not OK: the request is refused before its handler. The dialect remembers how it says so (an HTTP status, a
  // Trailers-Only response).
  Status refusal;
  // The number of the authorization field in the connection's header table; 0: it is not there.
  std::uint64_t credential_id = 0;
};

// One call of a dialect: made once per pooled call, used again for each request. Loop's thread only; nothing throws but
// what the streams may.
class DialectCall {
 public:
  virtual ~DialectCall() = default;
  // Reads `fields`; metadata go to the call. Never fails: what is wrong is in the refusal. `slot` is where the request
  // is parsed. New credentials are numbered from `last_credential` on.
  virtual RequestHead accept(const transport::Headers& fields, void** slot, std::uint64_t& last_credential) = 0;
  // The same for a head that was too large to be read.
  virtual RequestHead accept_too_large(void** slot) = 0;
  virtual Source& source() = 0;
  // Bytes at the front of the request's body that its reader still uses.
  virtual std::size_t lent() const = 0;
  virtual Sink& sink() = 0;
  // The body of the request grew, ended or moved; the peer has read, or the stream is gone.
  virtual void on_body() = 0;
  virtual void on_writable() = 0;
  // The one place where a response ends: with the status, and with the call's head and trailers. Called once.
  virtual void end(const Status& status) = 0;
  // The call is over: lets go of memory that is too large to be kept. Size in bytes of the largest message each way.
  virtual void finish() = 0;
  virtual std::size_t largest_request() const = 0;
  virtual std::size_t largest_response() const = 0;
  // Memory in bytes that it keeps for the next call.
  virtual std::size_t kept_memory() const = 0;
};

}  // namespace pintle::server
