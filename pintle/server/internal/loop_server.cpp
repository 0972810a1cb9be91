#include <pintle/server/internal/loop_server.hpp>

#include <utility>

#include <fmt/format.h>
#include <google/rpc/error_details.pb.h>

#include <pintle/rpc/details.hpp>
#include <pintle/server/internal/server_call.hpp>

namespace pintle::server {

namespace {
constexpr double kAgeJitter = 0.1;
}  // namespace

LoopServer::LoopServer(Loop& loop, const Router& router, const ServerOptions& options)
    : loop_(loop), router_(router), options_(options), calls_(*this, router.methods().size()) {
  if (options.memory == nullptr) return;
  load_.memory = options.memory.get();
  memory_.emplace(loop, options.memory)
      .on_shed([this](std::size_t streams, std::size_t connections, std::size_t bytes) {
        report_shed(streams, connections, bytes);
      });
}

void LoopServer::report_shed(std::size_t streams, std::size_t connections, std::size_t bytes) {
  if (const auto line = overloads_.pass(loop_.now()))
    options_.log.warn("memory budget used up: streams that waited longest were reset",
                      {{"streams", streams},
                       {"connections", connections},
                       {"bytes", bytes},
                       {"budget", options_.memory->limit()},
                       {"lines_left_out", line->left_out}});
}

LoopServer::~LoopServer() = default;

void LoopServer::serve(std::unique_ptr<net::ByteStream> stream, transport::Acceptor& acceptor) {
  transport::ConnectionOptions options = options_.connection;
  options.max_age = varied_age();
  auto connection = std::make_unique<transport::Connection>(http2::Role::server, std::move(stream), options,
                                                            loop_.local<transport::ReadBuffer>().bytes,
                                                            static_cast<transport::ConnectionOwner&>(*this), &acceptor);
  connection->charge_to(memory_ ? &*memory_ : nullptr);
  connection->owner_slot = connections_.size();
  auto state = std::make_shared<ConnectionState>(connection->shared_peer());
  state->late = is_draining_;
  if (is_draining_) ++late_connections_;
  connection->owner_data = std::move(state);
  connections_.push_back(std::move(connection));
  open_connections_.store(connections_.size(), std::memory_order_relaxed);
  if (is_draining_) connections_.back()->drain(Duration::zero());
}

// gRFC A9: clients that came together must not come again together.
Duration LoopServer::varied_age() {
  const Duration age = options_.connection.max_age;
  if (age == Duration::max()) return age;
  const std::chrono::duration<double, std::nano> varied = age * (1 + kAgeJitter * (2 * options_.random() - 1));
  return varied < Duration::max() ? std::chrono::duration_cast<Duration>(varied) : Duration::max();
}

transport::Exchange& LoopServer::accept(transport::Connection& connection, const transport::Headers* fields,
                                        const Selection& among) {
  // CONNECT has no path (RFC 9113 section 8.5), and a head that is too large nothing.
  const transport::HeaderField* path = fields != nullptr ? find_path(*fields) : nullptr;
  const Method* method = nullptr;
  if (path == nullptr) {
    method = &router_.find({}, among);
  } else if (path->annotation != nullptr && path->annotation->value != 0) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the room below keeps a number, whatever it means to us
    method = reinterpret_cast<const Method*>(path->annotation->value);
  } else {
    method = &router_.find(path->value, among);
    if (path->annotation != nullptr) path->annotation->value = reinterpret_cast<std::uintptr_t>(method);
  }
  ++load_.waiting;
  return calls_.take(*method).accept(connection.owner_data, fields, among.chain());
}

Status LoopServer::status_of(const LayerCall& call, const std::exception_ptr& exception) noexcept {
  try {
    const auto verdict = options_.exceptions ? options_.exceptions(exception) : std::nullopt;
    if (!verdict) return unexpected(call, exception, nullptr);
    if (verdict->secret) return unexpected(call, exception, &*verdict);
    if (!verdict->log.empty())
      options_.log.warn("a handler failed", {{"grpc.method", call.path()},
                                             {"grpc.code", code_name(verdict->status.code())},
                                             {"cause", std::string_view(verdict->log)}});
    return verdict->status;
  } catch (...) {
    return unexpected(call, exception, nullptr);
  }
}

// The text is for the log; the caller is told where to find it there.
Status LoopServer::unexpected(const LayerCall& call, const std::exception_ptr& exception,
                              const ExceptionVerdict* verdict) noexcept {
  // NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): it is read below, after what the analyzer takes for the end
  const std::uint64_t id = (std::uint64_t{loop_.index()} << 48) + ++errors_;
  Code code = verdict != nullptr ? verdict->status.code() : Code::unknown;
  std::string what;
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    code = Code::resource_exhausted;
    what = "out of memory";
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "not a std::exception";
  }
  if (verdict != nullptr && !verdict->log.empty()) what += ": " + verdict->log;
  options_.log.error("a handler threw",
                     {{"grpc.method", call.path()}, {"exception", std::string_view(what)}, {"error_id", id}});
  const std::string told = fmt::format("the handler failed; the server's log has it as error {}", id);
  Status status = verdict != nullptr ? reworded(verdict->status, told).with_origin(Origin::library)
                                     : Status(code, told, Origin::library);
  if (!options_.debug_errors) return status;
  google::rpc::DebugInfo debug;
  debug.set_detail(what);
  return with_detail(status, debug);
}

void LoopServer::recycle(ServerCall& call, bool succeeded) {
  ++calls_done_;
  if (!succeeded) ++calls_failed_;
  calls_.give_back(call);
  --load_.running;
  check_drained();
}

LoopServerReport LoopServer::report() const {
  LoopServerReport r;
  r.connections.reserve(connections_.size());
  for (const auto& connection : connections_) r.connections.push_back(connection->report());
  r.running = load_.running;
  r.waiting = load_.waiting;
  r.started = calls_done_ + load_.running;
  r.failed = calls_failed_;
  r.succeeded = calls_done_ - calls_failed_;
  r.pooled_calls = calls_.size();
  if (memory_) {
    r.memory = memory_->account().held();
    r.streams_shed = memory_->streams_shed();
    r.connections_shed = memory_->connections_shed();
  }
  r.exceptions = errors_;
  r.draining = is_draining_;
  return r;
}

void LoopServer::drain(Duration patience, std::function<void()> done) {
  is_draining_ = true;
  drained_ = std::move(done);
  draining_.cancel(Status(Code::unavailable, "the server is about to stop", Origin::library), CancelCause::shutdown);
  for (auto& connection : connections_) connection->drain(patience);
  check_drained();
}

void LoopServer::abort() {
  scope_.cancel(Status(Code::unavailable, "the server has stopped", Origin::library), CancelCause::shutdown);
  for (std::size_t i = connections_.size(); i-- > 0;)
    connections_[i]->abort(http2::ErrorCode::no_error, "the grace time is over");
}

void LoopServer::on_closed(transport::Connection& connection, std::string_view reason) {
  const std::string_view peer = connection.peer();
  if (!connection.ready() && connection.broken()) {
    if (const auto line = strangers_.pass(loop_.now()))
      options_.log.warn("connection refused",
                        {{"network.peer.address", peer}, {"reason", reason}, {"lines_left_out", line->left_out}});
  } else {
    options_.log.debug("connection closed", {{"network.peer.address", peer}, {"reason", reason}});
  }
  const std::size_t slot = connection.owner_slot;
  std::unique_ptr<transport::Connection> dying = std::move(connections_[slot]);
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->owner_slot = slot;
  }
  connections_.pop_back();
  open_connections_.store(connections_.size(), std::memory_order_relaxed);
  if (static_cast<const ConnectionState*>(dying->owner_data.get())->late) --late_connections_;
  dying.reset();
  check_drained();
}

void LoopServer::check_drained() {
  if (is_draining_ && drained_ && connections_.size() == late_connections_ && load_.running + load_.waiting == 0)
    std::exchange(drained_, nullptr)();
}

}  // namespace pintle::server
