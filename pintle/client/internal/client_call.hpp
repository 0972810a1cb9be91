// The innermost handler of a channel: one call becomes one exchange on a connection.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/client/internal/loop_channel.hpp>
#include <pintle/client/internal/response_reader.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/framed.hpp>
#include <pintle/transport/exchange.hpp>

namespace pintle::client {

// In bytes.
struct MessageLimits {
  std::size_t receive, send;
};

// Lives in the handler's frame.
class ClientCall final : public transport::Receiver {
 public:
  ClientCall(LayerCall& call, LoopChannel& loop_channel, const MessageLimits& limits);
  [[gnu::always_inline]] ~ClientCall() {
    if (exchange_.connection() != nullptr) [[unlikely]]  // its handler's frame is destroyed before the end
      note_how_far();
  }

  // Opens the stream. The request's head begins with `head` and the fields that were put into the channel's scratch,
  // and carries the call's metadata and what is left of its deadline. `encoding` is that of the requests. `is_seen`:
  // somebody may ask the call for its peer.
  void open(transport::Connection& connection, const transport::PreparedBlock& head, TimePoint now,
            wire::Encoding encoding, bool is_seen);

  // Messages that come; null at the end of the response.
  FramedSource& responses() { return source_; }
  FramedSink& requests() { return sink_; }
  transport::Exchange& exchange() { return exchange_; }
  ResponseReader& reader() { return reader_; }
  // Ends the stream early.
  void cancel() { exchange_.reset(transport::ErrorCode::cancel); }
  // The one request of a call whose client does not stream; null: there is none.
  void send_only(const Message* request);
  void send_only(const Message& request);
  // It is large, and will be compressed: that is done before it is pushed.
  bool deflates_large(const Message* request) const {
    return sink_.coding() != wire::Encoding::identity && request != nullptr && request->compressible() &&
           request->has_bytes() && request->size() > kLargeMessage;
  }
  // After a push() of a request that nobody took.
  void refuse_too_large();
  // What a poll() of the responses said. True: the call has ended, with `status`. The head goes to the caller once.
  bool stopped(Poll polled, Status& status);
  // The end: what a retry must know (gRFC A6) is in the call's facts then.
  void close(Status& status);

 private:
  void note_how_far();
  void compress_with(wire::Encoding encoding);
  void add_metadata();
  void on_start() override {}
  void on_head(const transport::Headers& fields, bool end) override;
  void on_body() override { source_.changed(); }
  void on_trailers(const transport::Headers& fields) override { reader_.on_trailers(fields, call_.response_trailers); }
  void on_reset(transport::ErrorCode code, transport::Initiator by) override;
  void on_writable() override { sink_.changed(); }
  std::size_t on_shed() override;

  // Into which a message is parsed when a layer asks for it.
  struct ResponseObject {
    explicit ResponseObject(const TypeInfo* t) : type(t) {}
    ResponseObject(const ResponseObject&) = delete;
    ~ResponseObject() {
      if (object != nullptr) type->drop(object);
    }
    const TypeInfo* type;
    void* object = nullptr;
  };

  struct RequestSink final : FramedSink {
    using FramedSink::compress_with;
    using FramedSink::FramedSink;
    void head(const Metadata&) override {}
    void before_first() override {}
  };

  LayerCall& call_;
  LoopChannel& loop_channel_;
  ResponseObject response_;
  transport::Exchange exchange_{*this};
  FramedSource source_;
  RequestSink sink_;
  ResponseReader reader_;
};

[[gnu::always_inline]] inline ClientCall::ClientCall(LayerCall& call, LoopChannel& loop_channel,
                                                     const MessageLimits& limits)
    : call_(call),
      loop_channel_(loop_channel),
      response_(call.method().response),
      source_(exchange_, call),
      sink_(exchange_, call.traffic.out) {
  source_.reset(response_.type, &response_.object, limits.receive);
  if (limits.send != SIZE_MAX) [[unlikely]]
    sink_.refuse_above(limits.send);
}

[[gnu::always_inline]] inline bool ClientCall::stopped(Poll polled, Status& status) {
  if (polled != Poll::pending && !call_.facts.committed && reader_.has_head() && !call_.cancelled()) {
    call_.facts.committed = true;
    detail::give_head(call_);  // it may throw, which ends the call
  }
  if (call_.cancelled()) [[unlikely]] {
    cancel();
    status = call_.scope.status();
    return true;
  }
  if (polled != Poll::end) return false;
  status = reader_.outcome();
  return true;
}

inline void ClientCall::note_how_far() {
  call_.facts.left_client = exchange_.left() || reader_.answered();
  call_.facts.processed = call_.facts.left_client && !reader_.refused();
}

[[gnu::always_inline]] inline void ClientCall::close(Status& status) {
  note_how_far();
  source_.finish();
  exchange_.finish();
  if (status.code() != Code::cancelled || call_.deadline().is_infinite()) return;
  // The server's reset may come before our own timer: it is the deadline all the same, and nothing of the peer's
  // counts.
  call_.loop().begin_turn();
  if (call_.deadline().expired(call_.loop().now()))
    status = Status(Code::deadline_exceeded, "the call's deadline has passed", Origin::library);
}

// What the channel was told, for calls that do not say: the outermost step of every chain.
class Defaults {
 public:
  // All outlive it.
  Defaults(const SlotLayout* slots, const ChannelOptions& options, const MethodSettings* method)
      : slots_(slots),
        authority_(options.authority),
        wait_for_ready_(method != nullptr && method->wait_for_ready ? *method->wait_for_ready : options.wait_for_ready),
        preset_(options.default_timeout),
        most_(method != nullptr && method->timeout ? *method->timeout : Duration::max()) {}
  void apply(LayerCall& call) const;

 private:
  const SlotLayout* slots_;
  const std::string_view authority_;
  const bool wait_for_ready_;
  const Duration preset_, most_;
};

// Around a chain that has layers.
class DefaultsStep final : public Handler {
 public:
  DefaultsStep(Handler& next, const Defaults& defaults) : next_(next), defaults_(defaults) {}
  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    defaults_.apply(call);
    return next_(call);
  }

 private:
  Handler& next_;
  const Defaults& defaults_;
};

// What the head of each request of a method begins with. Without a path they are the other pseudo-headers: the rest is
// added call by call.
std::vector<std::pair<std::string, std::string>> head_fields(std::string_view path, const ChannelOptions& options,
                                                             std::string_view user_agent);

class TransportHandler final : public Handler {
 public:
  // For the calls of one method, or, with an empty path, of any. `loop_channels`: by loop index. All outlive the
  // handler.
  TransportHandler(std::string_view path, std::span<const std::shared_ptr<LoopChannel>> loop_channels,
                   const ChannelOptions& options, const MessageLimits& limits, std::uint32_t block_id,
                   std::string_view user_agent);
  // It is the outermost step itself: no layer stands around it.
  void apply_first(const Defaults& defaults) { defaults_ = &defaults; }

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override;
  // Where no layer stands around it and the channel has a connection with room.
  std::unique_ptr<BegunCall, LetGo> begin(LayerCall& call, const Message& request) override;

 private:
  Status refusal(const LayerCall& call) const;
  // `is_seen`: by a layer, or by the caller of a stream; that of a unary call sees its result only.
  void open(ClientCall& exchange, LoopChannel& loop_channel, const Picked& picked, const LayerCall& call,
            bool is_seen) const;
  Task<Status> unary(LayerCall& call);
  Task<Status> stream(LayerCall& call);
  static Task<Status> upload(LayerCall& call, ClientCall& exchange, CancelScope& scope);

  std::span<const std::shared_ptr<LoopChannel>> loop_channels_;
  const ChannelOptions& options_;
  const MessageLimits limits_;
  const Defaults* defaults_ = nullptr;
  std::string user_agent_;
  bool any_path_;
  transport::PreparedBlock head_;
};

}  // namespace pintle::client
