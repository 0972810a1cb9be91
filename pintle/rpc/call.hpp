// One call as every layer and handler sees it, on the server and on the client alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/async/cancel.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>
#include <pintle/base/tls_info.hpp>
#include <pintle/rpc/stream.hpp>
#include <pintle/rpc/type_info.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

// What layers learn and tell each other about a call. Views belong to whoever set them and live as long as the call.
struct Facts {
  std::string_view peer;         // "ipv4:127.0.0.1:41234"
  std::string_view path;         // as requested; the method's own path where there is a method
  std::string_view authority;    // of the request, ":authority"
  const TlsInfo* tls = nullptr;  // server: what TLS agreed on with the peer; null: plaintext
  std::string_view principal;    // who was authenticated; empty: nobody
  std::uint64_t trace_high = 0, trace_low = 0, span = 0;
  int attempt = 1;
  // For retries (gRFC A6): has a byte of it left this client; may the server have seen it; is the response committed.
  bool left_client = false, processed = false, committed = false;
  // The message that the handler, or on a client the caller, read last had been compressed on its way.
  bool read_compressed = false;
};

namespace detail {

// Where an await of a stream waits. Most find what they want at once and never make one.
class Parked final : public CoWaiter {
 public:
  // Until it is woken, or `scope` is cancelled.
  template <class Promise>
  Parked(std::coroutine_handle<Promise> h, CancelScope& scope) noexcept {
    suspend(h, &scope);
  }
  // Until the other ready coroutines had their turn.
  template <class Promise>
  explicit Parked(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, nullptr);
    post();
  }
};

// Awaits a message. Result: the message, null at the end, or the scope's status.
class [[nodiscard]] Reading {
 public:
  Reading(Source& source, CancelScope& scope) : source_(source), scope_(scope) {}
  Reading(const Reading&) = delete;
  ~Reading() {
    if (armed()) source_.arm(nullptr);
  }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    last_ = source_.poll(message_);
    if (last_ != Poll::pending) {
      if (h.promise().env.loop->spend_ready()) [[likely]]
        return false;
      parked_.emplace(h);
    } else {
      source_.arm(&parked_.emplace(h, scope_));
    }
    return true;
  }
  Result<Message*> await_resume() {
    if (armed()) {
      source_.arm(nullptr);
      parked_.reset();
      if (!scope_.cancelled()) last_ = source_.poll(message_);
    }
    if (scope_.cancelled()) return std::unexpected(scope_.status());
    return last_ == Poll::ready ? message_ : nullptr;
  }

 private:
  bool armed() const { return parked_ && last_ == Poll::pending; }

  Source& source_;
  CancelScope& scope_;
  Message* message_ = nullptr;
  Poll last_ = Poll::pending;
  std::optional<Parked> parked_;
};

// Awaits that a source's next poll() says something else than pending, or that the scope is cancelled.
class [[nodiscard]] Arrival : CoWaiter {
 public:
  Arrival(Source& source, CancelScope& scope) : source_(source), scope_(scope) {}
  ~Arrival() { source_.arm(nullptr); }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, &scope_);
    source_.arm(this);
  }
  void await_resume() noexcept {}

 private:
  Source& source_;
  CancelScope& scope_;
};

// Awaits room after a push() that said `pushed`. Result: OK, the scope's status, or UNAVAILABLE when nobody reads.
class [[nodiscard]] Room {
 public:
  Room(Sink& sink, CancelScope& scope, Poll pushed) : sink_(sink), scope_(scope), last_(pushed) {}
  Room(const Room&) = delete;
  ~Room() {
    if (armed()) sink_.arm(nullptr);
  }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    if (last_ != Poll::pending) {
      if (h.promise().env.loop->spend_ready()) [[likely]]
        return false;
      parked_.emplace(h);
    } else {
      sink_.arm(&parked_.emplace(h, scope_));
    }
    return true;
  }
  Status await_resume() {
    if (armed()) {
      sink_.arm(nullptr);
      parked_.reset();
      if (sink_.room() == Poll::end) last_ = Poll::end;
    }
    if (scope_.cancelled()) return scope_.status();
    if (last_ == Poll::end) [[unlikely]]
      return nobody_reads();
    return Status();
  }

 protected:
  Sink& sink_;
  CancelScope& scope_;
  Poll last_;

 private:
  bool armed() const { return parked_ && last_ == Poll::pending; }
  static Status nobody_reads();

  std::optional<Parked> parked_;
};

// Hands a message over and awaits room for the next.
class [[nodiscard]] Writing : public Room {
 public:
  Writing(Sink& sink, const Message& message, CancelScope& scope) : Room(sink, scope, Poll::ready), message_(message) {}
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    last_ = sink_.push(message_);
    return Room::await_suspend(h);
  }

 private:
  const Message& message_;
};

}  // namespace detail

// Lives from the request's head to the handler's return, on one loop; only that loop's thread may touch it.
class Call {
 public:
  Call(const MethodInfo& m, Source& in, Sink& out, CancelScope* above)
      : method(&m), source(&in), sink(&out), scope(above) {}
  // An attempt below `of`: the same method and deadline, streams and scope of its own.
  Call(Call& of, Source& in, Sink& out)
      : method(of.method),
        source(&in),
        sink(&out),
        parent(&of),
        deadline(of.deadline),
        facts(of.facts),
        compression(of.compression),
        scope(&of.scope) {}
  Call(const Call&) = delete;

  // The next message of the request; null at its end; CANCELLED or DEADLINE_EXCEEDED when the call is over.
  detail::Reading read() { return {*source, scope}; }
  // A message of the response. `message` must live until the await is over.
  detail::Writing write(const Message& message) { return {*sink, message, scope}; }
  // Sends the head now, with what `response_head` holds, ahead of the first message.
  void send_head() { sink->head(response_head); }

  bool cancelled() const { return scope.cancelled(); }
  // From now on the loop cancels the call with DEADLINE_EXCEEDED when its deadline comes, at once when it is past.
  void enforce_deadline(Loop& loop);

  // For whoever pools calls: it is over, no deadline and no scope reaches it any more.
  void finish();
  // The next call of the same or another method. REQUIRES: nothing waits on this one.
  void reset(const MethodInfo& m, CancelScope* above);

  const MethodInfo* method;
  Source* source;  // a layer that taps messages swaps these for its own while the rest of the chain runs
  Sink* sink;
  Call* parent = nullptr;
  Deadline deadline;
  Metadata request_metadata;   // server: what came; client: what is sent
  Metadata response_head;      // server: to be sent with the head; client: what came
  Metadata response_trailers;  // server: to be sent with the status; client: what came
  Facts facts;
  // How the messages of this side are compressed: responses on a server, requests on a client. Nothing: as the server
  // or the channel was told. It counts when the head goes out, at the latest with the first message; later changes do
  // nothing. A server falls back to identity where the client does not take the coding.
  std::optional<wire::Encoding> compression;
  bool wait_for_ready = false;      // client: queue rather than fail while the target is in TRANSIENT_FAILURE
  void** reply = nullptr;           // server, unary: where a pooled response object may be kept; may be null
  CancelScope scope;                // ended by the deadline, a reset, a lost connection, the end of the grace time
  CancelScope* draining = nullptr;  // notice for long streams that the server is about to stop

 private:
  struct Alarm : Timer {
    explicit Alarm(Call& of) : Timer(&Alarm::ring), call(of) {}
    static void ring(Timer* timer) noexcept;
    Call& call;
  };
  Alarm alarm_{*this};
};

}  // namespace pintle
