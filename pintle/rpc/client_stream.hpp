// The caller's ends of a streaming call.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <pintle/async/cancel_token.hpp>
#include <pintle/rpc/call_options.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/large.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/rpc/reader_writer.hpp>

namespace pintle {

namespace detail {

// Options and environment of the caller become the call's: metadata, deadline, wait_for_ready.
void apply(LayerCall& call, CallOptions& options, const Env& env);
// The scope under which a call with these options is made.
CancelScope* scope_of(const CallOptions& options, const Env& env);

// A streaming call under way: the chain runs as a coroutine of its own, a pipe up and a pipe down stand between it and
// the caller. It lives until the chain has returned, even when the caller lets go earlier (which cancels it). One
// loop's thread.
class StreamingCall : public std::enable_shared_from_this<StreamingCall> {
 public:
  // `memory` is charged by the pipes; it may be null.
  StreamingCall(Loop& loop, const MethodInfo& method, CallOptions options, CancelScope* above, MemoryAccount* memory);

  // Starts the call; a `request` is pushed, and the requests ended, before the chain runs. The call holds `channel`,
  // whose the chain is: who lets go of a stream can't wait for the chain's return. Null: the chain outlives the call.
  static std::shared_ptr<StreamingCall> open(Handler& chain, const MethodInfo& method, const Message* request,
                                             CallOptions options, const Env& env,
                                             std::shared_ptr<Channel> channel = nullptr);
  // The caller has let go: cancels what still runs.
  void abandon();

  std::shared_ptr<Channel> channel;  // first, so that it goes last: the pipes charge its account
  CancelScope caller;                // cuts the caller's waits short; the call's own scope ends the chain
  Pipe up, down;
  CallOptions options;
  LayerCall call;
  CancelLink link;  // to the options' token
  bool done = false;
  Status status;

  // Awaits the chain's return, which a cancelled scope hastens but does not skip. Result: the call's status.
  class Finishing : CoWaiter {
   public:
    explicit Finishing(StreamingCall& of) : of_(of) {}
    ~Finishing() {
      if (waits_ && of_.finisher_ == this) of_.finisher_ = nullptr;
    }
    bool await_ready() const noexcept { return of_.done; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
      suspend(h, nullptr);
      waits_ = true;
      of_.finisher_ = this;
    }
    Status await_resume() const { return of_.status; }

   private:
    friend class StreamingCall;
    StreamingCall& of_;
    bool waits_ = false;
  };
  Finishing finished() { return Finishing(*this); }

 private:
  static Root run(std::shared_ptr<StreamingCall> self, Handler& chain);
  Finishing* finisher_ = nullptr;
  bool abandoned_ = false;
};

template <class T>
class [[nodiscard("co_await it: nothing is read before")]] StreamReading : public Reading {
 public:
  explicit StreamReading(StreamingCall& call) : Reading(call.call, call.down.source(), call.caller), call_(call) {}
  Result<const T*> await_resume() {
    Result<Message*> message = Reading::await_resume();
    if (!message) return std::unexpected(std::move(message).error());
    if (*message == nullptr) {
      if (!call_.status.ok()) return std::unexpected(call_.status);
      return nullptr;
    }
    call_.call.facts.read_compressed = (*message)->was_compressed();
    const T* object = (*message)->template as<T>();
    if (object == nullptr) return std::unexpected(malformed_message(type_of<T>.name()));
    return object;
  }

 private:
  StreamingCall& call_;
};

}  // namespace detail

// The furniture that the three kinds of stream share. Moveable; used on the loop where it was started. Letting go of a
// stream that has not ended cancels the call.
class StreamBase {
 public:
  explicit StreamBase(std::shared_ptr<detail::StreamingCall> call) : call_(std::move(call)) {}
  StreamBase(StreamBase&&) noexcept = default;
  StreamBase& operator=(StreamBase&&) = delete;
  ~StreamBase() {
    if (call_) call_->abandon();
  }

  // Ends the call early; reads and finish() then say CANCELLED.
  void cancel() {
    call_->call.scope.cancel(Status(Code::cancelled, "the caller cancelled the call"), CancelCause::caller);
  }
  // The call as the layers see it: metadata of the response once it came (`call().response_head`,
  // `call().response_trailers`), whether the message that was read last came compressed
  // (`call().read_compressed()`).
  const Call& call() const { return call_->call; }

 protected:
  std::shared_ptr<detail::StreamingCall> call_;
};

// Server streaming. `auto items = co_await stub.ListItems(request); for (;;) { auto item = co_await items.read(); ...
// }`
template <class Response>
class ServerStream : public StreamBase {
 public:
  using StreamBase::StreamBase;
  // The next message, good until the next read; null when the call ended OK; its status when it ended otherwise.
  detail::StreamReading<Response> read() { return detail::StreamReading<Response>(*call_); }
  // Waits for the end of the call; messages that were not read are dropped. A call
  // that does not end by itself is to be cancelled first. `Status s = co_await items.finish();`
  Task<Status> finish() {
    call_->down.discard();
    co_return co_await call_->finished();
  }
};

// Client streaming: write any number of messages, then finish() for the one response.
template <class Request, class Response>
class ClientStream : public StreamBase {
 public:
  using StreamBase::StreamBase;
  // Waits while the peer reads too slowly. Not OK: the call is over, finish() says why.
  detail::TypedWriting write(const Request& message, WriteOptions options = {}) {
    return {call_->call, call_->up.sink(), &message, type_of<Request>, call_->caller, options};
  }
  // The same for a message that isn't needed afterwards (Writer).
  detail::OwnedWriting<Request> write(Request&& message, WriteOptions options = {}) {
    return {call_->call, call_->up.sink(), std::move(message), call_->caller, options};
  }
  // Ends the stream and waits for the response.
  Task<Result<Response>> finish() {
    call_->up.close();
    std::optional<Response> response;
    for (;;) {
      auto message = co_await detail::StreamReading<Response>(*call_);
      if (!message) co_return std::unexpected(std::move(message).error());
      if (*message == nullptr) break;
      if (response) co_return second_response();
      response = **message;
    }
    if (!response) co_return missing_response();
    co_return std::move(*response);
  }

 private:
  static Error second_response() {
    return Error(Status(Code::unimplemented, "the server sent a second response message; the method has exactly one",
                        Origin::library));
  }
  static Error missing_response() {
    return Error(Status(Code::unimplemented,
                        "the server sent OK without a response message; the method has exactly one", Origin::library));
  }
};

// Bidirectional: writes and reads are independent; one coroutine may do both, or two of the same loop.
template <class Request, class Response>
class BidiStream : public StreamBase {
 public:
  using StreamBase::StreamBase;
  detail::TypedWriting write(const Request& message, WriteOptions options = {}) {
    return {call_->call, call_->up.sink(), &message, type_of<Request>, call_->caller, options};
  }
  // The same for a message that isn't needed afterwards (Writer).
  detail::OwnedWriting<Request> write(Request&& message, WriteOptions options = {}) {
    return {call_->call, call_->up.sink(), std::move(message), call_->caller, options};
  }
  // No more writes: the server sees the end of the requests.
  void close_writing() { call_->up.close(); }
  detail::StreamReading<Response> read() { return detail::StreamReading<Response>(*call_); }
  // Ends our side and waits for the end of the call; messages that were not read are dropped. A call that does not end
  // by itself is to be cancelled first.
  Task<Status> finish() {
    call_->up.close();
    call_->down.discard();
    co_return co_await call_->finished();
  }
};

namespace codegen {

// `auto stream = co_await stub.Method(...)`: starts the call in the caller's environment, without suspending it.
template <class Stream>
class [[nodiscard("co_await it: nothing is sent before")]] Opening {
 public:
  // `channel` is the chain's, which the call then holds to its end.
  Opening(Handler& chain, const MethodInfo& method, CallOptions options, std::shared_ptr<Channel> channel = nullptr)
      : chain_(chain), method_(method), options_(std::move(options)), channel_(std::move(channel)) {}
  // With the one request of a call whose client does not stream; it is encoded when the await starts, a large one by
  // another thread before the call begins.
  Opening(Handler& chain, const MethodInfo& method, Message request, CallOptions options,
          std::shared_ptr<Channel> channel = nullptr)
      : chain_(chain), method_(method), request_(request), options_(std::move(options)), channel_(std::move(channel)) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    env_ = h.promise().env;
    if (!request_ || !pintle::detail::is_large(*request_)) [[likely]]
      return false;
    packing_.emplace(pintle::detail::pack(*request_));
    packing_->await_suspend(h).resume();
    return true;
  }
  Stream await_resume() {
    const std::unique_ptr<LargeMessage> written = packing_ ? packing_->await_resume() : nullptr;
    return Stream(pintle::detail::StreamingCall::open(chain_, method_, request_ ? &*request_ : nullptr,
                                                      std::move(options_), env_, std::move(channel_)));
  }

 private:
  Handler& chain_;
  const MethodInfo& method_;
  std::optional<Message> request_;
  CallOptions options_;
  std::shared_ptr<Channel> channel_;
  std::optional<Task<std::unique_ptr<LargeMessage>>> packing_;
  Env env_;
};

}  // namespace codegen
}  // namespace pintle
