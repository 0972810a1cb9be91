#include <pintle/client/internal/subchannel.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pintle::client {

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

namespace {
double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
}  // namespace

Status too_many_wait(std::size_t waiting) {
  return Status(Code::resource_exhausted,
                fmt::format("{} calls wait for this channel's connections already (max_waiting)", waiting),
                Origin::library);
}

Task<Result<transport::Connection*>> EndpointSubchannel::acquire(LayerCall& call) {
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
    if (owner_.waiting >= owner_.options->max_waiting) co_return std::unexpected(too_many_wait(owner_.waiting));
    co_await in_line(call);
  }
}

void EndpointSubchannel::pass_turn() {
  if (turn_given_ || open_one() == nullptr) return;
  auto* next = static_cast<Waiting*>(waiting_.first());
  next->leave();
  next->give_turn();
}

void EndpointSubchannel::change(Connectivity state) {
  state_ = state;
  owner_.on_changed(*this);
}

void EndpointSubchannel::connect() {
  if (state_ != Connectivity::idle) return;
  Root attempt = connecting(owner_.keep(), shared_from_this());
  change(Connectivity::connecting);
  attempt_started_ = owner_.loop.now();
  attempt.start({&owner_.loop, &scope_, nullptr});
}

// A dialer may throw, and memory may run out: the attempt has failed then, as any other.
Root EndpointSubchannel::connecting(std::shared_ptr<void>, std::shared_ptr<EndpointSubchannel> self) {
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

Task<Status> EndpointSubchannel::attempt() {
  const ChannelOptions& told = *owner_.options;
  const Duration patience = std::max(told.backoff.min_connect_timeout, next_delay());
  auto stream = co_await owner_.dialer->dial(owner_.loop, endpoint_, Deadline::after(owner_.loop.now(), patience));
  if (state_ == Connectivity::shutdown) co_return Status();
  if (!stream) co_return std::move(stream).error();
  transport::ConnectionOptions options = told.connection;
  options.keepalive.time = owner_.keepalive_time->get();
  current_ = std::make_unique<transport::Connection>(http2::Role::client, std::move(*stream), options,
                                                     owner_.loop.local<transport::ReadBuffer>().bytes,
                                                     static_cast<transport::ConnectionOwner&>(*this), nullptr);
  current_->charge_to(owner_.memory());
  co_return Status();
}

// Grows with each failure in a row; the peer's SETTINGS, not the TCP handshake, end the row.
Duration EndpointSubchannel::next_delay() {
  const ConnectBackoff& b = owner_.options->backoff;
  const double initial = std::chrono::duration<double>(b.initial).count();
  const double cap = std::chrono::duration<double>(b.max).count();
  const double base = std::min(cap, initial * std::pow(b.multiplier, failures_));
  const double jittered = base * (1 - b.jitter + 2 * b.jitter * owner_.options->random());
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(jittered));
}

void EndpointSubchannel::failed(Status status) {
  last_error_ = Status(Code::unavailable, fmt::format("can't connect: {}", status.message()), Origin::library);
  owner_.options->log.warn("can't connect",
                           {{"server.address", owner_.options->authority}, {"error", status.message()}});
  owner_.loop.arm(retry_, attempt_started_ + next_delay());
  ++failures_;
  ++attempts_failed_;
  change(Connectivity::transient_failure);
  // Those that wait for ready stay in TRANSIENT_FAILURE: they look again and wait again.
  wake_all(waiting_);
}

void EndpointSubchannel::backed_off() {
  if (state_ != Connectivity::transient_failure) return;
  idle(waiting_.size() != 0);
}

void EndpointSubchannel::idle(bool wanted) {
  change(Connectivity::idle);
  if (owner_.picks) return wake_all(waiting_);
  if (wanted) connect();
}

void EndpointSubchannel::on_ready(transport::Connection& connection) {
  if (&connection != current_.get()) return;
  failures_ = 0;
  change(Connectivity::ready);
  wake_all(waiting_);
}

void EndpointSubchannel::on_draining(transport::Connection& connection) {
  if (&connection != current_.get()) return;
  const bool busy = connection.active_streams() != 0 || waiting_.size() != 0;
  // A server that says good-bye before the first call is stopping: to come back at once would be to hammer it.
  const bool useless = connection.session().counters().streams_opened == 0;
  draining_.push_back(std::move(current_));
  if (state_ == Connectivity::shutdown) return;
  if (state_ != Connectivity::ready || useless) {
    failed(Status(Code::unavailable, "the server is going away"));
    return;
  }
  idle(busy);
}

void EndpointSubchannel::on_too_many_pings(transport::Connection& connection) {
  const Duration next = owner_.keepalive_time->too_short(connection.options().keepalive.time);
  owner_.options->log.warn("the server says that keepalive pings too often (too_many_pings): new connections ping less",
                           {{"server.address", owner_.options->authority}, {"keepalive_time_s", in_seconds(next)}});
}

void EndpointSubchannel::on_closed(transport::Connection& connection, std::string_view reason) {
  if (&connection == current_.get()) {
    std::unique_ptr<transport::Connection> dying = std::move(current_);
    std::string why(reason);
    // What OpenSSL does with plaintext: it says nothing.
    if (state_ == Connectivity::connecting && owner_.options->tls == nullptr && connection.closed_by_peer())
      why += " before it spoke HTTP/2: perhaps it expects TLS";
    dying.reset();
    if (state_ == Connectivity::shutdown) return owner_.on_changed(*this);
    if (state_ == Connectivity::connecting) return failed(Status(Code::unavailable, why));
    return idle(waiting_.size() != 0);
  }
  std::erase_if(draining_, [&](const auto& c) { return c.get() == &connection; });
  if (state_ == Connectivity::shutdown) owner_.on_changed(*this);
}

void EndpointSubchannel::leave() {
  retry_.disarm();
  scope_.cancel(Status(Code::unavailable, "the channel was shut down", Origin::library), CancelCause::shutdown);
  state_ = Connectivity::shutdown;
  if (current_) current_->drain(Duration::zero());
  wake_all(waiting_);
}

void EndpointSubchannel::add_to(LoopChannelReport& r) const {
  if (current_) r.connections.push_back(current_->report());
  for (const auto& connection : draining_) r.connections.push_back(connection->report());
  if (!last_error_.ok()) r.last_error = last_error_;
  r.failures = std::max(r.failures, failures_);
  r.failed_attempts += attempts_failed_;
}

}  // namespace pintle::client
