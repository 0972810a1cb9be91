#include <pintle/client/internal/subchannel.hpp>

#include <algorithm>
#include <utility>

#include <pintle/base/backoff.hpp>

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
      co_return std::unexpected(explained(call.scope.status()));
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
    if (owner_.waiting >= owner_.options.max_waiting) co_return std::unexpected(too_many_wait(owner_.waiting));
    co_await in_line(call);
  }
}

transport::Connection* EndpointSubchannel::open_another() {
  for (const auto& connection : connections_)
    if (connection->can_open()) return connection.get();
  return nullptr;
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
  Root attempt = prepared();
  change(Connectivity::connecting);
  begin(attempt);
}

// Where all streams are taken and there may be more connections; one at a time.
void EndpointSubchannel::grow() {
  if (state_ != Connectivity::ready || dialing_ || retry_.armed() ||
      connections_.size() >= owner_.options.max_connections || open_one() != nullptr)
    return;
  begin(prepared());
}

// All that an attempt needs memory for, so that there is no way back half done.
Root EndpointSubchannel::prepared() {
  connections_.reserve(connections_.size() + 1);
  draining_.reserve(draining_.size() + connections_.size() + 1);
  return dialing(owner_.keep(), shared_from_this());
}

void EndpointSubchannel::begin(Root attempt) {
  dialing_ = true;
  attempt_started_ = owner_.loop.now();
  attempt.start({&owner_.loop, &scope_, nullptr});
}

// A dialer may throw, and memory may run out: the attempt has failed then, as any other.
Root EndpointSubchannel::dialing(std::shared_ptr<void>, std::shared_ptr<EndpointSubchannel> self) {
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
  const ChannelOptions& told = owner_.options;
  const Duration patience = std::max(told.backoff.min_connect_timeout, next_delay());
  auto stream =
      co_await owner_.common->dialer->dial(owner_.loop, endpoint_, Deadline::after(owner_.loop.now(), patience));
  if (state_ == Connectivity::shutdown) co_return Status();
  if (!stream) co_return std::move(stream).error();
  transport::ConnectionOptions options = told.connection;
  options.keepalive.time = owner_.common->keepalive_time.get();
  connecting_ = std::make_unique<transport::Connection>(http2::Role::client, std::move(*stream), options,
                                                        owner_.loop.local<transport::ReadBuffer>().bytes,
                                                        static_cast<transport::ConnectionOwner&>(*this), nullptr);
  connecting_->charge_to(owner_.memory());
  co_return Status();
}

// Grows with each failure in a row; the peer's SETTINGS, not the TCP handshake, end the row.
Duration EndpointSubchannel::next_delay() {
  const ConnectBackoff& b = owner_.options.backoff;
  return backoff(b.initial, b.multiplier, b.max, b.jitter, failures_, owner_.options.random());
}

// The end of an attempt. Where there are connections already, they go on alone for a while.
void EndpointSubchannel::failed(Status status) {
  dialing_ = false;
  // A dialer's own words may say it already.
  const std::string_view before = status.message().starts_with("can't connect") ? "" : "can't connect: ";
  last_error_ = Status(Code::unavailable, fmt::format("{}{}", before, status.message()), Origin::library);
  owner_.options.log.warn("can't connect", {{"server.address", owner_.options.authority}, {"error", status.message()}});
  owner_.metrics.failed.add();
  owner_.loop.arm(retry_, attempt_started_ + next_delay());
  ++failures_;
  ++attempts_failed_;
  if (state_ == Connectivity::ready) return;
  change(Connectivity::transient_failure);
  // Those that wait for ready stay in TRANSIENT_FAILURE: they look again and wait again.
  wake_all(waiting_);
}

void EndpointSubchannel::backed_off() {
  if (state_ == Connectivity::ready) {
    if (waiting_.size() != 0) grow();
    return;
  }
  if (state_ == Connectivity::transient_failure) idle(waiting_.size() != 0);
}

void EndpointSubchannel::idle(bool wanted) {
  if (dialing_) return change(Connectivity::connecting);  // it was growing
  retry_.disarm();
  change(Connectivity::idle);
  if (owner_.picks) return wake_all(waiting_);
  if (wanted) connect();
}

void EndpointSubchannel::on_ready(transport::Connection& connection) {
  if (&connection != connecting_.get()) return;
  dialing_ = false;
  failures_ = 0;
  retry_.disarm();
  connections_.push_back(std::move(connecting_));
  connections_changed();
  owner_.metrics.connected.add();
  owner_.metrics.open.add(1);
  if (state_ == Connectivity::ready) return wake_all(waiting_);  // one more
  if (owner_.common->health_head != nullptr) watch_health();
  change(Connectivity::ready);
  wake_all(waiting_);
}

// A server's health is asked for on one of its connections: when that one goes, on the next.
void EndpointSubchannel::lost_one(const transport::Connection& connection) {
  const bool watched = health_ && &connection == first_;
  connections_changed();
  owner_.metrics.lost();
  if (!watched) return;
  health_.reset();
  if (state_ != Connectivity::ready || connections_.empty()) return;
  watch_health();
  owner_.on_changed(*this);
}

// Without the memory for it the connection counts as healthy.
void EndpointSubchannel::watch_health() {
  try {
    health_.emplace(owner_.loop, *connections_.front(), *owner_.common, owner_.health_channel(),
                    [this] { owner_.on_changed(*this); });
    health_->start(owner_.keep(), shared_from_this());
  } catch (const std::bad_alloc&) {
    health_.reset();
  }
}

void EndpointSubchannel::on_draining(transport::Connection& connection) {
  const auto at = std::ranges::find_if(connections_, [&](const auto& c) { return c.get() == &connection; });
  if (at == connections_.end()) {
    if (&connection != connecting_.get()) return;
    draining_.push_back(std::move(connecting_));
    if (state_ != Connectivity::shutdown) failed(Status(Code::unavailable, "the server is going away"));
    return;
  }
  const bool busy = connection.active_streams() != 0 || waiting_.size() != 0;
  // A server that says good-bye before the first call is stopping: to come back at once would be to hammer it.
  const bool useless = connection.session().counters().streams_opened == 0;
  draining_.push_back(std::move(*at));
  connections_.erase(at);
  lost_one(connection);
  if (state_ == Connectivity::shutdown || !connections_.empty()) return;
  if (useless && !dialing_) {
    state_ = Connectivity::connecting;  // so that it counts as one that was never READY
    return failed(Status(Code::unavailable, "the server is going away"));
  }
  idle(busy);
}

void EndpointSubchannel::on_too_many_pings(transport::Connection& connection) {
  const Duration next = owner_.common->keepalive_time.too_short(connection.options().keepalive.time);
  owner_.options.log.warn("the server says that keepalive pings too often (too_many_pings): new connections ping less",
                          {{"server.address", owner_.options.authority}, {"keepalive_time_s", in_seconds(next)}});
}

void EndpointSubchannel::on_closed(transport::Connection& connection, std::string_view reason) {
  if (&connection == connecting_.get()) {
    std::unique_ptr<transport::Connection> dying = std::move(connecting_);
    std::string why(reason);
    // What OpenSSL does with plaintext: it says nothing.
    if (owner_.options.tls == nullptr && connection.closed_by_peer())
      why += " before it spoke HTTP/2: perhaps it expects TLS";
    dying.reset();
    if (state_ == Connectivity::shutdown) return owner_.on_changed(*this);
    return failed(Status(Code::unavailable, why));
  }
  const auto is_it = [&](const auto& c) { return c.get() == &connection; };
  if (const auto at = std::ranges::find_if(connections_, is_it); at != connections_.end()) {
    std::unique_ptr<transport::Connection> dying = std::move(*at);
    connections_.erase(at);
    lost_one(connection);
    dying.reset();
    if (state_ != Connectivity::shutdown && connections_.empty()) return idle(waiting_.size() != 0);
  } else {
    std::erase_if(draining_, is_it);
  }
  if (state_ == Connectivity::shutdown) owner_.on_changed(*this);
}

void EndpointSubchannel::leave() {
  retry_.disarm();
  scope_.cancel(Status(Code::unavailable, "the channel was shut down", Origin::library), CancelCause::shutdown);
  state_ = Connectivity::shutdown;
  health_.reset();
  if (connecting_) connecting_->drain(Duration::zero());
  std::vector<transport::Connection*> all;  // they may close, and leave, at once
  all.reserve(connections_.size());
  for (const auto& connection : connections_) all.push_back(connection.get());
  for (transport::Connection* connection : all)
    if (std::ranges::any_of(connections_, [&](const auto& c) { return c.get() == connection; }))
      connection->drain(Duration::zero());
  wake_all(waiting_);
}

Status EndpointSubchannel::explained(Status status) const {
  if (status.code() != Code::deadline_exceeded || status.origin() == Origin::peer) return status;
  if (state_ == Connectivity::ready && state() == Connectivity::ready)
    return status.with_message(
        fmt::format("{} while it waited for a stream: the server allows no more of them at once", status.message()));
  if (last_error().ok())
    return status.with_message(fmt::format("{} while it waited for a connection", status.message()));
  return status.with_message(fmt::format("{} while it waited for a connection (attempts that failed: {}; the last: {})",
                                         status.message(), attempts_failed_, last_error().message()));
}

void EndpointSubchannel::add_to(LoopChannelReport& r) const {
  if (connecting_) r.connections.push_back(connecting_->report());
  for (const auto& connection : connections_) r.connections.push_back(connection->report());
  for (const auto& connection : draining_) r.connections.push_back(connection->report());
  if (!last_error_.ok()) r.last_error = last_error_;
  r.failures = std::max(r.failures, failures_);
  r.failed_attempts += attempts_failed_;
}

}  // namespace pintle::client
