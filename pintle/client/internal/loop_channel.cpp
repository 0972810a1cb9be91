#include <pintle/client/internal/loop_channel.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pintle::client {

namespace {
std::string_view state_name(Connectivity state) {
  switch (state) {
    case Connectivity::idle:
      return "idle";
    case Connectivity::connecting:
      return "connecting";
    case Connectivity::ready:
      return "ready";
    case Connectivity::transient_failure:
      return "transient_failure";
    case Connectivity::shutdown:
      break;
  }
  return "shutdown";
}

double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
}  // namespace

LoopChannel::LoopChannel(Loop& loop, std::shared_ptr<Dialer> dialer, std::shared_ptr<const ChannelOptions> options,
                         std::shared_ptr<KeepaliveTime> keepalive_time)
    : loop_(loop),
      dialer_(std::move(dialer)),
      options_(std::move(options)),
      keepalive_time_(std::move(keepalive_time)) {
  if (options_->memory != nullptr) memory_.emplace(options_->memory);
}

LoopChannel::~LoopChannel() = default;

Task<Result<transport::Connection*>> LoopChannel::acquire(LayerCall& call) {
  const std::uint64_t failed_before = attempts_failed_;
  for (bool waited = false;; waited = true) {
    if (call.scope.cancelled()) {
      next_turn();  // it may have been this one's
      co_return std::unexpected(call.scope.status());
    }
    if (transport::Connection* connection = waited ? open_one() : pick()) co_return connection;
    if (state_ == Connectivity::shutdown)
      co_return std::unexpected(Status(Code::unavailable, "the channel was shut down", Origin::library));
    // A failure while it waited counts too: a slow one may have outlasted its own delay.
    if (!call.wait_for_ready.value_or(false) &&
        (state_ == Connectivity::transient_failure || attempts_failed_ != failed_before))
      co_return std::unexpected(last_error_);
    if (state_ == Connectivity::idle) {
      connect();
      if (state_ == Connectivity::transient_failure) continue;  // it failed at once, and woke those that waited already
    }
    // Those that were woken for nothing keep their right to wait.
    if (waiting_.size() >= options_->max_waiting)
      co_return std::unexpected(Status(
          Code::resource_exhausted,
          fmt::format("{} calls wait for this connection already (max_waiting)", waiting_.size()), Origin::library));
    co_await Waiting(*this, call.scope);
  }
}

void LoopChannel::pass_turn() {
  if (turn_given_ || open_one() == nullptr) return;
  auto* next = static_cast<Waiting*>(waiting_.first());
  next->leave();
  next->give_turn();
}

void LoopChannel::wake_all() {
  while (auto* first = waiting_.first()) {
    first->leave();
    static_cast<Waiting*>(first)->wake();  // resumes nobody, so nobody joins the queue meanwhile
  }
}

void LoopChannel::connect() {
  Root attempt = connecting(shared_from_this());
  state_ = Connectivity::connecting;
  attempt_started_ = loop_.now();
  attempt.start({&loop_, &scope_, nullptr});
}

// A dialer may throw, and memory may run out: the attempt has failed then, as any other.
Root LoopChannel::connecting(std::shared_ptr<LoopChannel> self) {
  Status bad;
  try {
    bad = co_await self->attempt();
  } catch (const std::bad_alloc&) {
    bad = Status(Code::resource_exhausted, "out of memory", Origin::library);
  } catch (const std::exception& e) {
    bad = Status(Code::unknown, e.what(), Origin::library);
  } catch (...) {
    bad = Status(Code::unknown, "the dialer threw", Origin::library);
  }
  if (!bad.ok() && self->state_ != Connectivity::shutdown) self->failed(std::move(bad));
}

Task<Status> LoopChannel::attempt() {
  const Duration patience = std::max(options_->backoff.min_connect_timeout, next_delay());
  auto stream = co_await dialer_->dial(loop_, Deadline::after(loop_.now(), patience));
  if (state_ == Connectivity::shutdown) co_return Status();
  if (!stream) co_return std::move(stream).error();
  transport::ConnectionOptions options = options_->connection;
  options.keepalive.time = keepalive_time_->get();
  current_ = std::make_unique<transport::Connection>(http2::Role::client, std::move(*stream), options,
                                                     loop_.local<transport::ReadBuffer>().bytes,
                                                     static_cast<transport::ConnectionOwner&>(*this), nullptr);
  current_->charge_to(memory());
  co_return Status();
}

// Grows with each failure in a row; the peer's SETTINGS, not the TCP handshake, end the row.
Duration LoopChannel::next_delay() {
  const ConnectBackoff& b = options_->backoff;
  const double initial = std::chrono::duration<double>(b.initial).count();
  const double cap = std::chrono::duration<double>(b.max).count();
  const double base = std::min(cap, initial * std::pow(b.multiplier, failures_));
  const double jittered = base * (1 - b.jitter + 2 * b.jitter * options_->random());
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(jittered));
}

void LoopChannel::failed(Status status) {
  state_ = Connectivity::transient_failure;
  last_error_ = Status(Code::unavailable, fmt::format("can't connect: {}", status.message()), Origin::library);
  options_->log.warn("can't connect", {{"server.address", options_->authority}, {"error", status.message()}});
  loop_.arm(retry_, attempt_started_ + next_delay());
  ++failures_;
  ++attempts_failed_;
  // Those that wait for ready stay in TRANSIENT_FAILURE: they look again and wait again.
  wake_all();
}

void LoopChannel::backed_off() {
  if (state_ != Connectivity::transient_failure) return;
  state_ = Connectivity::idle;
  if (waiting_.size() != 0) connect();
}

void LoopChannel::on_ready(transport::Connection& connection) {
  if (&connection != current_.get()) return;
  state_ = Connectivity::ready;
  failures_ = 0;
  wake_all();
}

void LoopChannel::on_draining(transport::Connection& connection) {
  if (&connection != current_.get()) return;
  const bool busy = connection.active_streams() != 0 || waiting_.size() != 0;
  // A server that says good-bye before the first call is stopping: to come back at once would be to hammer it.
  const bool useless = connection.session().counters().streams_opened == 0;
  draining_.push_back(std::move(current_));
  if (state_ != Connectivity::ready || useless) {
    failed(Status(Code::unavailable, "the server is going away"));
    return;
  }
  state_ = Connectivity::idle;
  if (busy) connect();
}

void LoopChannel::on_too_many_pings(transport::Connection& connection) {
  const Duration next = keepalive_time_->too_short(connection.options().keepalive.time);
  options_->log.warn("the server says that keepalive pings too often (too_many_pings): new connections ping less",
                     {{"server.address", options_->authority}, {"keepalive_time_s", in_seconds(next)}});
}

void LoopChannel::on_closed(transport::Connection& connection, std::string_view reason) {
  if (&connection == current_.get()) {
    std::unique_ptr<transport::Connection> dying = std::move(current_);
    std::string why(reason);
    // What OpenSSL does with plaintext: it says nothing.
    if (state_ == Connectivity::connecting && options_->tls == nullptr && connection.closed_by_peer())
      why += " before it spoke HTTP/2: perhaps it expects TLS";
    dying.reset();
    if (state_ == Connectivity::shutdown) return;
    if (state_ == Connectivity::connecting) return failed(Status(Code::unavailable, why));
    state_ = Connectivity::idle;
    if (waiting_.size() != 0) connect();
    return;
  }
  std::erase_if(draining_, [&](const auto& c) { return c.get() == &connection; });
}

LoopChannelReport LoopChannel::report() const {
  LoopChannelReport r;
  r.state = state_name(state_);
  if (current_) r.connections.push_back(current_->report());
  for (const auto& connection : draining_) r.connections.push_back(connection->report());
  r.waiting = waiting_.size();
  r.last_error = last_error_;
  r.failures = failures_;
  r.failed_attempts = attempts_failed_;
  if (memory_) r.memory = memory_->held();
  return r;
}

void LoopChannel::shutdown() {
  state_ = Connectivity::shutdown;
  retry_.disarm();
  scope_.cancel(Status(Code::unavailable, "the channel was shut down", Origin::library), CancelCause::shutdown);
  if (current_) current_->drain(Duration::zero());
  wake_all();
}

}  // namespace pintle::client
