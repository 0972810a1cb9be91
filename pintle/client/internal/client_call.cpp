#include <pintle/client/internal/client_call.hpp>

#include <optional>
#include <string>
#include <utility>

#include <pintle/async/nursery.hpp>
#include <pintle/wire/metadata_coding.hpp>
#include <pintle/wire/timeout.hpp>

namespace pintle::client {

using transport::Indexing;

ClientCall::ClientCall(Call& call, LoopChannel& home, std::size_t max_receive_message, void** slot)
    : call_(call), home_(home), source_(exchange_, call.scope), sink_(exchange_) {
  source_.reset(call.method->response, slot, max_receive_message);
}

void ClientCall::open(transport::Connection& connection, const transport::PreparedBlock& head, TimePoint now,
                      wire::Encoding encoding) {
  OpenScratch& scratch = home_.scratch();
  scratch.fields.clear();
  if (!call_.deadline.is_infinite())
    scratch.fields.push_back(
        {"grpc-timeout", wire::format_timeout(call_.deadline.remaining(now), scratch.timeout), Indexing::without});
  if (encoding != wire::Encoding::identity) [[unlikely]]
    compress_with(encoding);
  std::size_t coded = 0;
  if (scratch.coded.size() < call_.request.size()) scratch.coded.resize(call_.request.size());
  for (Metadata::Entry entry : call_.request) {
    const std::string_view value =
        Metadata::is_binary(entry.key) ? wire::encode_value(entry, scratch.coded[coded++]) : entry.value;
    scratch.fields.push_back({entry.key, value, entry.key == "authorization" ? Indexing::never : Indexing::without});
  }
  call_.facts.left_client = call_.facts.processed = true;
  connection.open(exchange_, head, scratch.fields, false);
}

void ClientCall::compress_with(wire::Encoding encoding) {
  home_.scratch().fields.push_back({"grpc-encoding", wire::encoding_name(encoding), Indexing::incremental});
  sink_.compress_with(encoding, home_.codec());
}

void ClientCall::on_head(const transport::Headers& fields, bool end) {
  reader_.on_head(fields, end, call_.head, call_.trailers);
  if (reader_.broken()) {
    exchange_.reset(transport::ErrorCode::cancel);
    source_.changed();
  } else if (reader_.encoding() != wire::Encoding::identity) {
    source_.decompress_with(reader_.encoding(), home_.codec());
  }
}

void ClientCall::on_reset(transport::ErrorCode code, transport::Initiator by) {
  reader_.on_reset(code, by);
  if (reader_.refused()) call_.facts.processed = false;
  source_.cut_off();  // the status is that of the reset, wherever it struck
  sink_.changed();
}

namespace {

std::vector<std::pair<std::string, std::string>> head_fields(const MethodInfo& method, const ChannelOptions& options,
                                                             std::string_view user_agent) {
  return {{":method", "POST"},
          {":scheme", options.tls == nullptr ? "http" : "https"},
          {":path", std::string(method.path)},
          {":authority", options.authority},
          {"te", "trailers"},
          {"content-type", "application/grpc"},
          {"grpc-accept-encoding", std::string(wire::kAcceptEncoding)},
          {"user-agent", std::string(user_agent)}};
}

// The requests of a streaming call on their way.
struct Upload {
  explicit Upload(CancelScope& call) : scope(&call) {}
  CancelScope scope;
  Nursery nursery;
};

// The object into which a message is parsed when a layer asks for it; freed with the call.
struct Slot {
  explicit Slot(const TypeInfo* t) : type(t) {}
  Slot(const Slot&) = delete;
  ~Slot() {
    if (object != nullptr) type->drop(object);
  }
  const TypeInfo* type;
  void* object = nullptr;
};

}  // namespace

TransportHandler::TransportHandler(const MethodInfo& method, std::span<const std::shared_ptr<LoopChannel>> homes,
                                   const ChannelOptions& options, std::uint32_t block_id, std::string_view user_agent)
    : method_(method), homes_(homes), options_(options), head_(block_id, head_fields(method, options, user_agent)) {}

Task<Status> TransportHandler::operator()(Call& call) {
  const Env env = co_await current_env();
  if (call.cancelled()) co_return call.scope.status();
  if (!call.request.empty())
    if (Status bad = wire::check_metadata(call.request); !bad.ok()) co_return bad;
  if (env.loop->index() >= homes_.size())
    co_return Status(Code::internal, "the call was made on a loop that is not one of its channel's", Origin::library);
  if (call.deadline.is_infinite() && method_.kind == Kind::unary && options_.default_timeout != Duration::max()) {
    call.deadline = Deadline::after(env.loop->now(), options_.default_timeout);
    call.enforce_deadline(*env.loop);
  }
  if (options_.wait_for_ready) call.wait_for_ready = true;
  LoopChannel& home = *homes_[env.loop->index()];
  const bool streams = client_streams(method_.kind);
  Message* request = nullptr;
  if (!streams && call.requests->poll(request) == Poll::pending) {
    Result<Message*> first = co_await call.read();
    if (!first) co_return std::move(first).error();
    request = *first;
  }
  transport::Connection* connection = home.pick();
  if (connection == nullptr) {
    Result<transport::Connection*> acquired = co_await home.acquire(call);
    if (!acquired) co_return std::move(acquired).error();
    connection = *acquired;
  }
  Slot slot(method_.response);
  ClientCall exchange(call, home, options_.max_receive_message, &slot.object);
  exchange.open(*connection, head_, env.loop->now(), call.compression.value_or(options_.compression));
  home.next_turn();
  // Requests go up while responses come down; the end of the response ends both.
  std::optional<Upload> up;
  if (streams) {
    up.emplace(call.scope);
    up->nursery.spawn({env.loop, &up->scope, env.call}, upload(call, exchange, up->scope));
  } else if (request == nullptr) {
    exchange.exchange().end_body();
  } else {
    exchange.requests().end_with_next();
    exchange.requests().push(*request);
  }
  Status status;
  bool head_given = false;
  for (;;) {
    Message* message = nullptr;
    const Poll polled = exchange.responses().poll(message);
    if (polled == Poll::pending) {
      co_await detail::Arrival(exchange.responses(), call.scope);
      continue;
    }
    if (call.cancelled()) {
      exchange.cancel();
      status = call.scope.status();
      break;
    }
    if (!head_given && exchange.reader().has_head()) {
      head_given = true;
      call.responses->head(call.head);
    }
    if (polled == Poll::end) {
      status = exchange.reader().outcome();
      break;
    }
    if (const Poll pushed = call.responses->push(*message); pushed != Poll::ready || server_streams(method_.kind)) {
      if (Status gone = co_await detail::Room(*call.responses, call.scope, pushed); !gone.ok()) {
        exchange.cancel();
        status = std::move(gone);
        break;
      }
    }
  }
  if (up) {
    up->scope.cancel(Status(Code::cancelled, "the response has ended", Origin::library), CancelCause::superseded);
    co_await up->nursery.join();
  }
  exchange.exchange().finish();
  if (status.code() == Code::cancelled && !call.deadline.is_infinite()) {
    // The server's reset may come before our own timer: it is the deadline all the same, and nothing of the peer's
    // counts.
    env.loop->begin_turn();
    if (call.deadline.expired(env.loop->now()))
      status = Status(Code::deadline_exceeded, "the call's deadline has passed", Origin::library);
  }
  home.next_turn();
  co_return status;
}

Task<Status> TransportHandler::upload(Call& call, ClientCall& exchange, CancelScope& scope) {
  for (;;) {
    Result<Message*> message = co_await detail::Reading(*call.requests, scope);
    if (!message) co_return std::move(message).error();
    if (*message == nullptr) {
      exchange.exchange().end_body();
      co_return Status();
    }
    if (Status gone = co_await detail::Writing(exchange.requests(), **message, scope); !gone.ok()) co_return gone;
  }
}

}  // namespace pintle::client
