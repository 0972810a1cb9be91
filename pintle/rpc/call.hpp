// One call as its handler and its caller see it. What layers see besides is in layer_call.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <pintle/async/cancel.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/async/when_cancelled.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>
#include <pintle/base/tls_info.hpp>
#include <pintle/rpc/identity.hpp>
#include <pintle/rpc/slots.hpp>
#include <pintle/rpc/stream.hpp>
#include <pintle/rpc/type_info.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

class LayerCall;

namespace detail {
class Reading;
class Writing;
}  // namespace detail

// What layers learn and tell each other about a call. Views belong to whoever set them and live as long as the call.
struct Facts {
  std::string_view peer;  // "ipv4:127.0.0.1:41234"; of a client's call once it, or its last attempt, has a connection
  std::string_view path;  // as requested; the method's own path where there is a method
  std::string_view authority;    // of the request, ":authority"
  const TlsInfo* tls = nullptr;  // what TLS agreed on with the peer; null: plaintext
  std::uint64_t trace_high = 0, trace_low = 0, span = 0;
  int attempt = 1;
  // For retries (gRFC A6): has a byte of it left this client; may the server's handler have seen it; has the caller, or
  // on a server the peer, been given a part of the response, so that no other attempt can take its place.
  bool left_client = false, processed = false, committed = false;
  bool dropped = false;  // its balancer refused it (Pick::drop()): it is not to be tried again
  bool read_compressed = false;
  bool sampled = false;  // the span is recorded
};

// What passed in one direction.
struct TrafficCount {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;       // of the messages, encoded, before compression
  std::uint64_t wire_bytes = 0;  // with gRPC's prefix, compressed
};
struct Traffic {
  TrafficCount in, out;  // came from the peer; went to it
};

// Lives from the request's head to the handler's return, on one loop; only that loop's thread may touch it.
class Call {
 public:
  Call(const Call&) = delete;

  const MethodInfo& method() const { return *method_; }
  // The path as it was requested: the method's own, or, for a server's fallback, whatever the peer wrote.
  std::string_view path() const { return facts.path; }
  std::string_view authority() const { return facts.authority; }
  // Who is at the other end, "ipv4:127.0.0.1:41234"; empty on a client until the call has a connection.
  std::string_view peer() const { return facts.peer; }
  // What TLS agreed on with the peer; null: plaintext.
  const TlsInfo* tls() const { return facts.tls; }
  // Whom an authentication layer has found; nobody without one. A client's call has that of the call it is made for.
  const Identity& identity() const;

  Deadline deadline() const { return deadline_; }
  Loop& loop() const { return *loop_; }
  // When the head of the request came, or the caller made the call, in the time of the loop's turn; and how long ago
  // that is by the clock, which is read for it.
  TimePoint started() const { return started_; }
  Duration elapsed() const { return loop_->clock().now() - started_; }

  // The call is over for its peer: what is read or written returns status().
  bool cancelled() const { return scope.cancelled(); }
  const Status& status() const { return scope.status(); }
  // Why: its deadline, the peer's reset, a lost connection, the end of a drain's grace time, ...
  CancelCause cause() const { return scope.cause(); }
  // The server has begun to stop: what can end should. `Status s = co_await call.drained();` waits for it, for as long
  // as it takes: OK then, the call's status when that ends first. A client's call hears of the server for whose call it
  // is made.
  bool is_draining() const { return draining != nullptr && draining->cancelled(); }
  WhenCancelled drained() { return WhenCancelled(draining, scope); }

  // The value of this type that a layer, or the caller by CallOptions::with(), has hung on this call or on one that it
  // is made for; null when nobody did. It lives as long as that call.
  template <class T>
  const T* find() const {
    return static_cast<const T*>(find(detail::type_key<T>()));
  }

  // -- By bytes, as proxies and byte handlers read and write; typed handlers have Reader and Writer -----------------
  // The next message; null at the end of the stream; the call's status when it is over.
  detail::Reading read();
  // `message` must live until the await is over.
  detail::Writing write(const Message& message);
  // Server: sends the head now, with what `response_head` holds, ahead of the first message.
  void send_head() { sink->head(response_head); }
  // Whether the message that was read last had been compressed on its way.
  bool read_compressed() const { return facts.read_compressed; }

  Metadata request_metadata;   // server: what came; client: what is sent
  Metadata response_head;      // server: to be sent with the head; client: what came
  Metadata response_trailers;  // server: to be sent with the status; client: what came
  // How the messages of this side are compressed: responses on a server, requests on a client. Nothing: as the server
  // or the channel was told. It counts when the head goes out, at the latest with the first message; later changes do
  // nothing. A server falls back to identity where the client does not take the coding.
  std::optional<wire::Encoding> compression;

 protected:
  Call(Loop& loop, const MethodInfo& m) : method_(&m), loop_(&loop) {}
  Call(Loop& loop, const MethodInfo& m, Source& in, Sink& out, CancelScope* above)
      : source(&in), sink(&out), scope(above), method_(&m), loop_(&loop), started_(loop.now()) {
    facts.path = m.path;
  }
  ~Call() = default;
  const void* find(const void* type) const;

  // Explained in layer_call.hpp, which lets layers see them.
  Source* source = nullptr;
  Sink* sink = nullptr;
  Facts facts;
  Traffic traffic;
  CancelScope scope;
  CancelScope* draining = nullptr;
  LayerCall* parent = nullptr;
  const MethodInfo* method_;
  Loop* loop_;
  TimePoint started_;
  Deadline deadline_;
  std::shared_ptr<const Identity> identity_;
  SlotStore slots;
  const CallValue* values = nullptr;
};

}  // namespace pintle
