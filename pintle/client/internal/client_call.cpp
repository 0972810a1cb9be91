#include <pintle/client/internal/client_call.hpp>

#include <optional>
#include <string>
#include <utility>

#include <pintle/async/nursery.hpp>
#include <pintle/client/internal/unary_call.hpp>
#include <pintle/wire/metadata_coding.hpp>
#include <pintle/wire/timeout.hpp>

namespace pintle::client {

using transport::Indexing;

void ClientCall::open(transport::Connection& connection, const transport::PreparedBlock& head, TimePoint now,
                      wire::Encoding encoding, bool is_seen) {
  OpenScratch& scratch = loop_channel_.scratch();
  if (!call_.deadline().is_infinite())
    scratch.fields.push_back(
        {"grpc-timeout", wire::format_timeout(call_.deadline().remaining(now), scratch.timeout), Indexing::without});
  if (encoding != wire::Encoding::identity) [[unlikely]]
    compress_with(encoding);
  if (is_seen) {
    const transport::Peer& peer = *connection.shared_peer();
    call_.facts.peer = peer.address;
    call_.facts.tls = peer.tls.get();
    call_.peer_owner = connection.shared_peer();
  }
  if (call_.attempt_of() != nullptr || !call_.request_metadata.empty()) add_metadata();
  connection.open(exchange_, head, scratch.fields, false);
}

// Those of the call, and over them those of the attempt. The calls above an attempt learn its peer: that of the last
// one that was sent.
void ClientCall::add_metadata() {
  for (LayerCall* above = call_.attempt_of(); above != nullptr; above = above->attempt_of()) {
    above->facts.peer = call_.facts.peer;
    above->facts.tls = call_.facts.tls;
    above->peer_owner = call_.peer_owner;
  }
  OpenScratch& scratch = loop_channel_.scratch();
  std::size_t coded = 0;
  for (const LayerCall* call = &call_; call != nullptr; call = call->attempt_of())
    coded += call->request_metadata.size();
  if (scratch.coded.size() < coded) scratch.coded.resize(coded);
  coded = 0;
  for (const LayerCall* call = &call_; call != nullptr; call = call->attempt_of()) {
    for (Metadata::Entry entry : call->request_metadata) {
      bool hidden = false;
      for (const LayerCall* over = &call_; over != call && !hidden; over = over->attempt_of())
        hidden = over->request_metadata.get(entry.key).has_value();
      if (hidden || entry.key == "user-agent") continue;  // what a proxy passes on; the channel says its own
      const std::string_view value =
          Metadata::is_binary(entry.key) ? wire::encode_value(entry, scratch.coded[coded++]) : entry.value;
      scratch.fields.push_back({entry.key, value, entry.key == "authorization" ? Indexing::never : Indexing::without});
    }
  }
}

void ClientCall::send_only(const Message* request) {
  if (request == nullptr) return exchange_.end_body();
  send_only(*request);
}

void ClientCall::send_only(const Message& request) {
  sink_.end_with_next();
  if (detail::push(call_, sink_, request) == Poll::end) [[unlikely]]
    refuse_too_large();
}

// Where the stream still takes bodies, it was the message's fault (FramedSink).
void ClientCall::refuse_too_large() {
  if (exchange_.body_open())
    call_.scope.cancel(
        Status(Code::resource_exhausted,
               fmt::format("a message of the request has {} bytes; {} may be sent", sink_.largest(), sink_.limit()),
               Origin::library),
        CancelCause::fault);
}

void ClientCall::compress_with(wire::Encoding encoding) {
  loop_channel_.scratch().fields.push_back({"grpc-encoding", wire::encoding_name(encoding), Indexing::incremental});
  sink_.compress_with(encoding, loop_channel_.codec());
}

void ClientCall::on_head(const transport::Headers& fields, bool end) {
  reader_.on_head(fields, end, call_.response_head, call_.response_trailers);
  if (reader_.broken()) {
    exchange_.reset(transport::ErrorCode::cancel);
    source_.changed();
    return;
  }
  if (reader_.encoding() != wire::Encoding::identity)
    source_.decompress_with(reader_.encoding(), loop_channel_.codec());
  // Of several attempts the head decides (gRFC A6), whether or not a message is there already.
  if (call_.attempt_of() != nullptr && reader_.has_head() && !call_.cancelled()) {
    call_.facts.committed = true;
    detail::give_head(call_);
  }
}

void ClientCall::on_reset(transport::ErrorCode code, transport::Initiator by) {
  reader_.on_reset(code, by);
  source_.cut_off();  // the status is that of the reset, wherever it struck
  sink_.changed();
}

std::size_t ClientCall::on_shed() {
  call_.scope.cancel(
      Status(Code::resource_exhausted,
             "the client's memory budget is used up, and this response had waited longest to be read", Origin::library),
      CancelCause::overload);
  source_.cut_off();
  sink_.changed();
  return source_.lent();
}

std::vector<std::pair<std::string, std::string>> head_fields(std::string_view path, const ChannelOptions& options,
                                                             std::string_view user_agent) {
  std::vector<std::pair<std::string, std::string>> fields = {{":method", "POST"},
                                                             {":scheme", options.tls == nullptr ? "http" : "https"}};
  if (!path.empty()) fields.emplace_back(":path", path);
  fields.emplace_back(":authority", options.authority);
  if (path.empty()) return fields;
  fields.insert(fields.end(), {{"te", "trailers"},
                               {"content-type", "application/grpc"},
                               {"grpc-accept-encoding", std::string(wire::kAcceptEncoding)},
                               {"user-agent", std::string(user_agent)}});
  return fields;
}

namespace {

// The requests of a streaming call on their way.
struct Upload {
  explicit Upload(CancelScope& call) : scope(&call) {}
  CancelScope scope;
  Nursery nursery;
};

}  // namespace

TransportHandler::TransportHandler(std::string_view path, std::span<const std::shared_ptr<LoopChannel>> loop_channels,
                                   const ChannelOptions& options, const MessageLimits& limits, std::uint32_t block_id,
                                   std::string_view user_agent)
    : loop_channels_(loop_channels),
      options_(options),
      limits_(limits),
      user_agent_(user_agent),
      any_path_(path.empty()),
      head_(block_id, head_fields(path, options, user_agent)) {}

namespace {

// What the caller and the attempts above it say goes on the wire.
Status check_metadata(const LayerCall& of) {
  for (const LayerCall* call = &of; call != nullptr; call = call->attempt_of())
    if (!call->request_metadata.empty())
      if (Status bad = wire::check_metadata(call->request_metadata); !bad.ok()) return bad;
  return {};
}

}  // namespace

Task<Status> TransportHandler::operator()(LayerCall& call) {
  if (defaults_ != nullptr) defaults_->apply(call);
  return call.method().kind == Kind::unary ? unary(call) : stream(call);
}

// Why it can't be made, before anything is asked of a connection.
Status TransportHandler::refusal(const LayerCall& call) const {
  if (call.cancelled()) return call.scope.status();
  if (call.loop().index() >= loop_channels_.size())
    return Status(Code::internal, "the call was made on a loop that is not one of its channel's", Origin::library);
  return check_metadata(call);
}

void TransportHandler::open(ClientCall& exchange, LoopChannel& loop_channel, const Picked& picked,
                            const LayerCall& call, bool is_seen) const {
  OpenScratch& scratch = loop_channel.scratch();
  scratch.fields.clear();
  if (any_path_) [[unlikely]]
    scratch.fields.insert(scratch.fields.end(), {{":path", call.method().path, Indexing::without},
                                                 {"te", "trailers", Indexing::incremental},
                                                 {"content-type", "application/grpc", Indexing::incremental},
                                                 {"grpc-accept-encoding", wire::kAcceptEncoding, Indexing::incremental},
                                                 {"user-agent", user_agent_, Indexing::incremental}});
  exchange.open(*picked.connection, head_, call.loop().now(), call.compression.value_or(options_.compression), is_seen);
}

// What a layer's streams throw ends the call's scope (detail::poll, detail::push), never this frame.
Task<Status> TransportHandler::unary(LayerCall& call) {
  if (Status bad = refusal(call); !bad.ok()) co_return bad;
  LoopChannel& loop_channel = *loop_channels_[call.loop().index()];
  Message* request = nullptr;
  if (detail::poll(call, *call.source, request) == Poll::pending) {
    Result<Message*> first = co_await call.read();
    if (!first) co_return std::move(first).error();
    request = *first;
  }
  UnaryCall unary(call, loop_channel, limits_);
  if (!loop_channel.pick(unary.picked)) {
    Status nowhere = co_await loop_channel.acquire(call, unary.picked);
    if (!nowhere.ok()) co_return nowhere;
  }
  open(unary.exchange, loop_channel, unary.picked, call, defaults_ == nullptr);
  unary.picked.subchannel->next_turn();
  std::unique_ptr<LargeMessage> deflated;
  if (unary.exchange.deflates_large(request)) [[unlikely]]
    deflated = co_await detail::deflate(*request, unary.exchange.requests().coding());
  unary.exchange.send_only(request);
  Status status;
  for (UnaryCall::Step step = UnaryCall::Step::wait; step != UnaryCall::Step::over;) {  // nothing can have come yet
    if (step == UnaryCall::Step::room) {
      step = unary.took(co_await detail::Room(*call.sink, call.scope, unary.pushed()), status);
    } else {
      co_await detail::Arrival(unary.exchange.responses(), call.scope);
      step = unary.take(status);
    }
  }
  unary.close(status);
  co_return status;
}

std::unique_ptr<BegunCall, LetGo> TransportHandler::begin(LayerCall& call, const Message& request) {
  if (defaults_ == nullptr || !refusal(call).ok()) return nullptr;
  LoopChannel& loop_channel = *loop_channels_[call.loop().index()];
  Picked picked;
  if (!loop_channel.pick(picked)) return nullptr;
  defaults_->apply(call);
  std::unique_ptr<UnaryCall, LetGo> unary(new UnaryCall(call, loop_channel, limits_));
  unary->picked.connection = picked.connection;
  unary->picked.subchannel = picked.subchannel;
  open(unary->exchange, loop_channel, picked, call, false);  // nobody waits for a turn where pick() finds one
  unary->exchange.send_only(request);
  return unary;
}

// The same with streams. Requests go up while responses come down; the end of the response ends both, and this frame
// outlives the upload, which holds on to it.
Task<Status> TransportHandler::stream(LayerCall& call) {
  if (Status bad = refusal(call); !bad.ok()) co_return bad;
  const Env env = co_await current_env();
  LoopChannel& loop_channel = *loop_channels_[call.loop().index()];
  const Kind kind = call.method().kind;
  const bool streams = client_streams(kind);
  Message* request = nullptr;
  if (!streams && detail::poll(call, *call.source, request) == Poll::pending) {
    Result<Message*> first = co_await call.read();
    if (!first) co_return std::move(first).error();
    request = *first;
  }
  Picked picked;
  if (!loop_channel.pick(picked)) {
    Status nowhere = co_await loop_channel.acquire(call, picked);
    if (!nowhere.ok()) co_return nowhere;
  }
  ClientCall exchange(call, loop_channel, limits_);
  open(exchange, loop_channel, picked, call, true);
  picked.subchannel->next_turn();
  std::optional<Upload> up;
  if (streams) {
    up.emplace(call.scope);
    up->nursery.spawn({env.loop, &up->scope, env.call}, upload(call, exchange, up->scope));
  } else {
    std::unique_ptr<LargeMessage> deflated;
    if (exchange.deflates_large(request)) [[unlikely]]
      deflated = co_await detail::deflate(*request, exchange.requests().coding());
    exchange.send_only(request);
  }
  Status status;
  for (;;) {
    Message* message = nullptr;
    const Poll polled = detail::poll(call, exchange.responses(), message);
    if (exchange.stopped(polled, status)) break;
    if (polled == Poll::pending) {
      co_await detail::Arrival(exchange.responses(), call.scope);
      continue;
    }
    const Poll pushed = detail::push(call, *call.sink, *message);
    if (pushed != Poll::ready || server_streams(kind)) {
      status = co_await detail::Room(*call.sink, call.scope, pushed);
      if (!status.ok()) {
        exchange.cancel();
        break;
      }
    }
  }
  if (up) {
    up->scope.cancel(Status(Code::cancelled, "the response has ended", Origin::library));
    co_await up->nursery.join();
  }
  exchange.close(status);
  picked.subchannel->next_turn();
  picked.ended(status);
  co_return status;
}

// What it returns is heard by nobody: a failure of our own ends the call, one of the peer's shows in the response.
Task<Status> TransportHandler::upload(LayerCall& call, ClientCall& exchange, CancelScope& scope) {
  for (;;) {
    Result<Message*> message = co_await detail::Reading(call, *call.source, scope);
    if (!message) co_return Status();
    if (*message == nullptr) {
      exchange.exchange().end_body();
      co_return Status();
    }
    std::unique_ptr<LargeMessage> deflated;
    if (exchange.deflates_large(*message)) [[unlikely]]
      deflated = co_await detail::deflate(**message, exchange.requests().coding());
    Status gone = co_await detail::Writing(call, exchange.requests(), **message, scope);
    if (gone.ok()) continue;
    if (!scope.cancelled()) exchange.refuse_too_large();
    co_return Status();
  }
}

void Defaults::apply(LayerCall& call) const {
  call.slots.use(slots_);
  call.facts.authority = authority_;
  if (!call.wait_for_ready) call.wait_for_ready = wait_for_ready_;
  if (most_ != Duration::max()) [[unlikely]] {
    call.shorten_deadline(Deadline::after(call.loop().now(), most_).at());
  } else if (call.deadline().is_infinite() && call.method().kind == Kind::unary && preset_ != Duration::max()) {
    call.set_deadline(Deadline::after(call.loop().now(), preset_));
  }
}

}  // namespace pintle::client
