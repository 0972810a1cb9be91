#include <pintle/transport/connection.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include <pintle/http2/frame/types.hpp>

namespace pintle::transport {

namespace {

// Told apart in PING acks: a drain's PING ends the notice, a keepalive's does nothing more than arrive.
constexpr std::uint64_t kDrainTag = 0x70696e746c652d64;      // "pintle-d"
constexpr std::uint64_t kKeepaliveTag = 0x70696e746c652d6b;  // "pintle-k"
constexpr std::size_t kIdleOutput = 16 * 1024;               // memory that a connection without streams keeps
constexpr Duration kIdleMemory = std::chrono::seconds(1);  //   after this time; until then the next call may need more
constexpr std::size_t kLeftoverStep = 16 * 1024;           // what linger_timeout is for
// What a turn reads and writes of large bodies where nobody else has anything, and in shares where others wait for it.
constexpr std::size_t kTurnBytes = 512 * 1024, kSharedTurnBytes = 128 * 1024, kLeastShare = 16 * 1024;
// A client that comes so near the last id is asked to go elsewhere while it still can.
constexpr http2::StreamId kLastIds = http2::kMaxStreamId - 2 * 1000;
constexpr Duration kNotice = std::chrono::seconds(1);  // from the first to the second GOAWAY of an end of our own

// How long a server waits for its peer's end behind its own. To close at once would be answered by a reset where a
// request is still on its way, and that may take from the peer the GOAWAY that says it can be sent elsewhere (RFC 9113
// section 9.1).
constexpr Duration kFarewell = std::chrono::milliseconds(100);

constexpr std::string_view kNoIds = "stream ids run out";

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> ids = 0;
  return ids.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::open:
      return "open";
    case Phase::noticed:
      return "noticed";
    case Phase::closing:
      return "closing";
    case Phase::closed:
      break;
  }
  return "closed";
}

}  // namespace

Connection::End::End(Connection& c)
    : TurnEnd([](TurnEnd* self) noexcept { static_cast<End*>(self)->connection.guarded(&Connection::flush); }),
      connection(c) {}

Connection::Alarm::Alarm(Connection& c)
    : Timer([](Timer* self) noexcept { static_cast<Alarm*>(self)->connection.guarded(&Connection::on_timer); }),
      connection(c) {}

Connection::Connection(http2::Role role, std::unique_ptr<net::ByteStream> stream, const ConnectionOptions& options,
                       std::span<std::byte> read_buffer, ConnectionOwner& owner, Acceptor* acceptor)
    : id_(next_id()),
      role_(role),
      loop_(stream->loop()),
      stream_(std::move(stream)),
      peer_(std::make_shared<const Peer>(Peer{std::string(stream_->peer()), stream_->tls()})),
      options_(options),
      allowed_ahead_(std::min(options.http2.initial_stream_window, http2::kDefaultWindow) / 2),
      read_buffer_(read_buffer),
      owner_(owner),
      acceptor_(acceptor),
      session_(role, options.http2, *this, loop_.now()),
      turn_end_(*this),
      alarm_(*this),
      keepalive_(options.keepalive, loop_.now()),
      idle_since_(loop_.now()),
      age_ends_(Deadline::after(loop_.now(), options.max_age).at()) {
  stream_->set_observer(*this);
  if (options.keepalive.time != Duration::max()) stream_->limit_unacknowledged(options.keepalive.timeout);
  stream_->want_read();
  flush_soon();
}

Connection::~Connection() {
  session_.on_transport_closed();
  for (Exchange* exchange : attached_) exchange->orphan();
  charge_to(nullptr);
}

// -- Reading ----------------------------------------------------------------------------------------------------------

// Nothing above may throw but for want of memory; then what the session has half done can't be gone on with.
void Connection::guarded(void (Connection::*step)()) noexcept {
  try {
    (this->*step)();
  } catch (...) {
    out_of_memory();
  }
}

void Connection::out_of_memory() noexcept {
  broken_ = true;
  if (!closed_) transport_gone("out of memory");
}

void Connection::on_readable() noexcept { guarded(&Connection::read); }

void Connection::read() {
  if (closed_ || closing_soon_) return;
  if (in_farewell()) return read_farewell();
  std::size_t left = turn_share();
  while (left != 0) {
    const std::span<std::byte> room = read_buffer_.first(std::min(left, read_buffer_.size()));
    left -= room.size();
    const net::IoResult got = stream_->read(room);
    if (got.state == net::IoState::would_block) break;
    if (got.state != net::IoState::ok) {
      closed_by_peer_ = got.state == net::IoState::end;
      if (closed_by_peer_ && outlives_input()) return;
      transport_gone(got.state == net::IoState::end ? "the peer closed the connection" : stream_->error());
      return;
    }
    read_ += got.size;
    keepalive_.on_read(loop_.now());
    session_.feed(read_buffer_.first(got.size), loop_.now());
    start_accepted();
    loop_.run_ready();  // readers take their messages out of the read buffer before it is used again
    settle();
    if (closing_soon_) break;
    if (got.size < room.size()) break;
  }
  if (holds_back()) [[unlikely]] {
    reading_held_back_ = true;
    guard_->watch();
  } else if (!closing_soon_) {
    stream_->want_read();
  }
  flush();
}

void Connection::begin_farewell() {
  farewell_ends_ = loop_.now() + kFarewell;
  stream_->want_read();
  arm_timer();
}

// What comes now came too late, and the peer knows.
void Connection::read_farewell() {
  for (std::size_t left = turn_share(); left != 0;) {
    const net::IoResult got = stream_->read(read_buffer_.first(std::min(left, read_buffer_.size())));
    if (got.state == net::IoState::would_block) break;
    if (got.state != net::IoState::ok) return transport_gone("the connection was drained");
    left -= got.size;
  }
  stream_->want_read();
}

std::size_t Connection::turn_share() const {
  const std::size_t sharers = loop_.sharers();
  return sharers == 1 ? kTurnBytes : std::max(kSharedTurnBytes / sharers, kLeastShare);
}

// A client that has asked all may end its side and wait for the answers (RFC 9293 section 3.6). One that is gone looks
// the same, but its system answers our PING with a reset, and then its calls end.
bool Connection::outlives_input() {
  if (role_ == http2::Role::client) return false;
  if (!std::exchange(input_ended_, true)) {
    session_.on_input_ended();
    session_.ping(kKeepaliveTag);
    phase_ = Phase::closing;
    notice_ends_ = TimePoint::max();
    if (aged_) start_age_grace();
    reason_ = "the peer closed the connection";
  }
  if (session_.active_streams() == 0) return false;
  stream_->want_read();
  flush();
  return true;
}

void Connection::start_accepted() {
  for (std::size_t i = 0; i < accepted_.size(); ++i) {  // NOLINT(modernize-loop-convert): it may grow meanwhile
    Exchange* exchange = accepted_[i];
    if (exchange == nullptr) continue;
    exchange->accepted_ = false;
    if (!exchange->attached() || exchange->sent_end_) {  // nothing to run: its user takes note, and that frees it
      exchange->receiver_.on_start();
      continue;
    }
    if (running_ >= options_.max_running) {
      exchange->waiting_ = true;
      waiting_.push_back(exchange);
      exchange->receiver_.on_wait();
      continue;
    }
    ++running_;
    exchange->running_ = true;
    exchange->receiver_.on_start();
  }
  accepted_.clear();
}

void Connection::settle() {
  for (Exchange* exchange : unsettled_) {
    if (exchange == nullptr) continue;
    exchange->unsettled_ = false;
    if (!exchange->in_place_) continue;
    exchange->settle();
    exchange->receiver_.on_body();
  }
  unsettled_.clear();
}

inline void Connection::take(Exchange& exchange, http2::Stream& stream, bool end) {
  link(exchange);
  exchange.attach(*this, stream, end);
  exchange.accepted_ = true;
  accepted_.push_back(&exchange);
}

void Connection::on_headers(http2::Stream& stream, const Headers& fields, bool end) {
  if (role_ == http2::Role::client) {
    if (auto* exchange = static_cast<Exchange*>(stream.context)) {
      exchange->ended_ = end;
      exchange->receiver_.on_head(fields, end);
      if (end) exchange->receiver_.on_body();
    }
    return;
  }
  if (stream.id() > kLastIds) [[unlikely]]
    drain(kNotice, kNoIds);
  take(acceptor_->accept(*this, &fields), stream, end);
}

void Connection::on_headers_too_large(http2::Stream& stream, bool end) {
  take(acceptor_->accept(*this, nullptr), stream, end);
}

void Connection::on_trailers(http2::Stream& stream, const Headers& fields) {
  if (auto* exchange = static_cast<Exchange*>(stream.context)) {
    exchange->ended_ = true;
    exchange->receiver_.on_trailers(fields);
    exchange->receiver_.on_body();
  }
}

void Connection::on_data(http2::Stream& stream, std::span<const std::byte> data, bool end) {
  auto* exchange = static_cast<Exchange*>(stream.context);
  if (exchange == nullptr) {
    session_.consume(stream, data.size());
    return;
  }
  exchange->append(data);
  if (end) exchange->ended_ = true;
  exchange->receiver_.on_body();
}

void Connection::on_reset(http2::Stream& stream, ErrorCode code, Initiator by) {
  auto* exchange = static_cast<Exchange*>(stream.context);
  if (exchange == nullptr) return;
  exchange->detach();
  stream.context = nullptr;
  exchange->receiver_.on_reset(code, by);
  exchange->receiver_.on_body();
  // Else a peer that opens and resets streams would make the queue grow while the handlers are slow.
  if (exchange->waiting_) {
    std::erase(waiting_, exchange);
    start_soon(*exchange);
  }
}

void Connection::on_writable(http2::Stream& stream) {
  if (auto* exchange = static_cast<Exchange*>(stream.context)) exchange->receiver_.on_writable();
}

void Connection::on_closed(http2::Stream& stream) {
  if (auto* exchange = static_cast<Exchange*>(stream.context))
    exchange->detach();
  else if (!leftovers_.empty())
    std::erase_if(leftovers_, [&](const Leftover& l) { return l.stream == &stream; });
  stream.context = nullptr;
  idle_since_ = loop_.now();
  if (phase_ == Phase::closing || draining_) flush_soon();
}

void Connection::on_settings(bool first) {
  if (!first) {
    if (refused_open_ && can_open()) {
      refused_open_ = false;
      owner_.on_capacity(*this);
    }
    return;
  }
  ready_ = true;
  owner_.on_ready(*this);
}

void Connection::on_ping_ack(std::uint64_t tag) {
  if (tag == kDrainTag && phase_ == Phase::noticed) {
    notice_ends_ = loop_.now();
    advance_drain();
  }
}

void Connection::on_goaway(http2::StreamId, ErrorCode code, std::string_view debug) {
  if (code == ErrorCode::enhance_your_calm && debug == "too_many_pings") owner_.on_too_many_pings(*this);
  if (std::exchange(draining_, true)) return;
  owner_.on_draining(*this);
  flush_soon();
}

void Connection::on_streams_available() {}  // follows a refused open(), and we ask can_open() first

void Connection::on_connection_error(ErrorCode code, Initiator by, std::string_view reason) {
  broken_ = by == Initiator::library;
  std::string text(reason);
  text.append(" (").append(http2::error_name(code)).append(by == Initiator::peer ? ", said the peer)" : ")");
  close_soon(text);
}

// -- Exchanges --------------------------------------------------------------------------------------------------------

void Connection::open(Exchange& exchange, const PreparedBlock& head, std::span<const OutField> more, bool end) {
  flush_soon();
  // After a long silence the PING goes first, so that a dead connection costs the call the timeout alone (gRFC A8).
  if (keepalive_.on_timer(loop_.now(), true) == Keepalive::Action::ping) session_.ping(kKeepaliveTag);
  exchange.opened_at_ = written_ + session_.output().size();
  link(exchange);
  http2::Stream* stream = nullptr;
  try {
    stream = session_.open(head, more, end, nullptr);
  } catch (...) {  // out of memory: the head may be half written
    attached_.pop_back();
    give_up();
    throw;
  }
  exchange.attach(*this, *stream, false);
  exchange.sent_end_ = end;
  if (stream->id() == http2::kMaxStreamId) [[unlikely]]
    ids_ran_out();
}

void Connection::ids_ran_out() {
  drain(Duration::zero(), kNoIds);
  if (!std::exchange(draining_, true)) owner_.on_draining(*this);
}

void Connection::link(Exchange& exchange) {
  exchange.slot_ = attached_.size();
  attached_.push_back(&exchange);
}

void Connection::forget(Exchange& exchange) noexcept {
  attached_.back()->slot_ = exchange.slot_;
  attached_[exchange.slot_] = attached_.back();
  attached_.pop_back();
  if (std::exchange(exchange.unsettled_, false)) unsettled_[exchange.unsettled_slot_] = nullptr;
  if (std::exchange(exchange.waiting_, false)) std::erase(waiting_, &exchange);
  if (std::exchange(exchange.accepted_, false))
    std::replace(accepted_.begin(), accepted_.end(), &exchange, static_cast<Exchange*>(nullptr));
  if (!std::exchange(exchange.running_, false)) return;
  try {
    finished_running();
  } catch (...) {
    give_up();
  }
}

void Connection::keep_leftover(http2::Stream& stream, Deadline deadline, Progress progress) {
  const bool patient = deadline.is_infinite();
  if (patient) deadline = Deadline::after(loop_.now(), options_.linger_timeout);
  progress.moved = session_.moved(stream);
  leftovers_.push_back({&stream, deadline.at(), patient, session_.queued(stream), progress});
  flush_soon();  // which arms the timer
}

void Connection::end_leftovers(TimePoint now) {
  for (std::size_t i = 0; i < leftovers_.size();) {
    Leftover& l = leftovers_[i];
    const std::size_t queued = session_.queued(*l.stream);
    if (now < l.ends) {
      ++i;
    } else if (l.patient && queued + kLeftoverStep <= l.queued) {
      l.ends = Deadline::after(now, options_.linger_timeout).at();
      l.queued = queued;
      ++i;
    } else {
      session_.reset(*l.stream, ErrorCode::cancel);  // on_closed() takes it off the list
    }
  }
}

void Connection::finished_running() {
  --running_;
  if (waiting_.empty() || closed_) return;
  start_soon(*waiting_.front());
  waiting_.pop_front();
}

void Connection::start_soon(Exchange& exchange) {
  accepted_.push_back(&exchange);
  exchange.waiting_ = false;
  exchange.accepted_ = true;
  flush_soon();
}

// -- Writing ----------------------------------------------------------------------------------------------------------

void Connection::on_writable() noexcept {
  write_blocked_ = false;
  guarded(&Connection::flush);
}

void Connection::flush() {
  turn_end_.dequeue();
  if (closed_ || in_farewell()) return;
  if (given_up_) [[unlikely]]
    return out_of_memory();
  if (!accepted_.empty()) start_accepted();
  Buffer& output = session_.output();
  bool written = false;
  // A server says nothing before the client has begun, unless ALPN has said what it speaks: to one of HTTP/1 our
  // SETTINGS would be garbage.
  const bool begun =
      read_ != 0 || role_ == http2::Role::client || peer_->tls != nullptr || phase_ != Phase::open || closing_soon_;
  std::size_t left = closing_soon_ ? std::numeric_limits<std::size_t>::max() : turn_share();
  while (begun && !write_blocked_) {
    const bool others_ready = loop_.has_ready();
    session_.pump();
    if (output.empty()) break;
    // A writer that was woken just now adds to what there is, and all leaves in one write: large ones cost the kernel
    // less.
    const bool woken = loop_.has_ready() && !others_ready && output.size() < options_.http2.output_cap;
    if ((woken || (std::exchange(written, true) && loop_.has_ready())) && !closing_soon_) {
      flush_soon();
      break;
    }
    const net::IoResult sent = stream_->write(output.bytes().first(std::min(output.size(), left)));
    if (sent.state == net::IoState::ok) {
      output.consume(sent.size);
      written_ += sent.size;
      blocked_since_ = TimePoint::max();
      left -= sent.size;
      if (left != 0) continue;
      flush_soon();
      break;
    }
    if (sent.state == net::IoState::would_block) {
      write_blocked_ = true;
      if (blocked_since_ == TimePoint::max()) blocked_since_ = loop_.now();
      stream_->want_write();
      break;
    }
    return transport_gone(stream_->error());
  }
  if (closing_soon_ || (phase_ == Phase::closing && session_.active_streams() == 0) ||
      (draining_ && role_ == http2::Role::client && session_.active_streams() == 0)) {
    if (closing_soon_ || output.empty()) {
      if (output.empty()) stream_->shutdown_write();
      if (!closing_soon_ && role_ == http2::Role::server && !input_ended_) return begin_farewell();
      transport_gone(reason_.empty() ? "the connection was drained" : std::string_view(reason_));
      return;
    }
  }
  output.shrink(2 * options_.http2.output_cap);  // what fits under the cap, in a buffer that grows by doubling
  count();
  if (reading_held_back_) [[unlikely]]
    go_on();
  arm_timer();
}

// -- Memory -----------------------------------------------------------------------------------------------------------

void Connection::charge_to(MemoryGuard* guard) {
  if (guard_ != nullptr) guard_->remove(*this);
  guard_ = guard;
  if (guard_ != nullptr) guard_->add(*this);
  share_.charge_to(guard_ != nullptr ? &guard_->account() : nullptr);
  counted_ = guard_ != nullptr ? counted_ : 0;
  count();
}

void Connection::count() {
  if (guard_ == nullptr) return;
  const Buffer& output = session_.output();
  const std::size_t now = session_.memory() + attached_.size() * kCallMemory +
                          (output.capacity() > kIdleOutput ? output.capacity() : output.size());
  if (now > counted_)
    share_.charge(now - counted_);
  else
    share_.give_back(counted_ - now);
  counted_ = now;
  if (share_.held() > MemoryBudget::kLittle && guard_->account().budget().level() != MemoryLevel::ok) [[unlikely]]
    guard_->watch();
}

void Connection::add_waiting(const Exchange* spared, std::vector<MemoryGuard::Waiting>& to) {
  const TimePoint now = loop_.now();
  for (Leftover& l : leftovers_)
    if (session_.queued(*l.stream) != 0)
      to.push_back({l.progress.look(now, session_.moved(*l.stream)), this, l.stream});
  for (Exchange* exchange : attached_)
    if (exchange != spared && exchange->stream_ != nullptr && exchange->waits())
      to.push_back({exchange->progress_.look(now, exchange->moved()), this, exchange->stream_});
}

void Connection::shed(http2::Stream& stream) {
  auto* exchange = static_cast<Exchange*>(stream.context);
  if (exchange == nullptr || role_ == http2::Role::client || session_.queued(stream) != 0)
    session_.reset(stream, role_ == http2::Role::server ? ErrorCode::enhance_your_calm : ErrorCode::cancel);
  if (exchange != nullptr) {
    exchange->keep_only(exchange->receiver_.on_shed());
    exchange->receiver_.on_body();
  }
  count();
  flush_soon();
}

void Connection::trim() {
  session_.trim();
  session_.output().shrink(kIdleOutput);
  count();
}

void Connection::go_on() {
  if (closed_ || closing_soon_) return;
  if (reading_held_back_ && !holds_back()) {
    reading_held_back_ = false;
    stream_->want_read();
  }
  if (share_.is_greedy()) return;
  for (Exchange* exchange : attached_)
    if (exchange->expected_ > exchange->credited_) exchange->expect(exchange->expected_);
}

ConnectionReport Connection::report() const {
  ConnectionReport r;
  r.id = id_;
  r.peer = peer_->address;
  r.tls = peer_->tls;
  r.phase = phase_name(phase_);
  r.ready = ready_;
  r.age = loop_.now() - made_at_;
  r.streams = session_.active_streams();
  r.running = running_;
  r.waiting = waiting_.size();
  r.bytes_read = read_;
  r.bytes_written = written_;
  r.bytes_queued = session_.queued() + session_.output().size();
  const http2::Counters& counters = session_.counters();
  r.streams_opened = counters.streams_opened;
  r.streams_reset_by_peer = counters.streams_reset_by_peer;
  r.streams_reset_by_us = counters.streams_reset_by_us;
  r.frames_received = counters.frames_received;
  r.glitches = counters.glitches;
  return r;
}

// -- Time -------------------------------------------------------------------------------------------------------------

bool Connection::has_idle_memory() const {
  const Buffer& output = session_.output();
  return session_.active_streams() == 0 && output.empty() &&
         (output.capacity() > kIdleOutput || session_.memory() > kIdleOutput);
}

void Connection::arm_timer() {
  TimePoint at = session_.next_timer().value_or(TimePoint::max());
  const bool has_streams = session_.active_streams() != 0;
  at = std::min({at, keepalive_.next(has_streams), age_ends_, notice_ends_, grace_ends_});
  if (!has_streams && phase_ == Phase::open)
    at = std::min(at, Deadline::after(idle_since_, options_.idle_timeout).at());
  if (has_idle_memory()) at = std::min(at, idle_since_ + kIdleMemory);
  for (const Leftover& l : leftovers_) at = std::min(at, l.ends);
  if (in_farewell()) at = farewell_ends_;
  if (at != TimePoint::max() && (!alarm_.armed() || at < alarm_.at())) loop_.arm(alarm_, at);
}

void Connection::on_timer() {
  const TimePoint now = loop_.now();
  if (in_farewell()) return now >= farewell_ends_ ? transport_gone("the connection was drained") : arm_timer();
  session_.on_timer(now);
  end_leftovers(now);
  const bool has_streams = session_.active_streams() != 0;
  if (has_idle_memory() && now >= idle_since_ + kIdleMemory) trim();
  switch (keepalive_.on_timer(now, has_streams)) {
    case Keepalive::Action::ping:
      session_.ping(kKeepaliveTag);
      break;
    case Keepalive::Action::give_up:
      transport_gone("keepalive: the peer did not answer a PING in time");
      return;
    case Keepalive::Action::none:
      break;
  }
  if (phase_ == Phase::noticed && now >= notice_ends_) advance_drain();
  if (now >= age_ends_) reach_age();
  if (now >= grace_ends_) {
    grace_ends_ = TimePoint::max();
    abort(ErrorCode::no_error, "max_age: the grace time is over");
  }
  if (!has_streams && phase_ == Phase::open && Deadline::after(idle_since_, options_.idle_timeout).expired(now))
    drain(kNotice, "max_idle");
  flush_soon();
}

// -- The end ----------------------------------------------------------------------------------------------------------

void Connection::drain(Duration patience, std::string_view debug) {
  if (phase_ != Phase::open) return;
  if (role_ == http2::Role::client) {
    phase_ = Phase::closing;
    session_.close_gracefully(ErrorCode::no_error, debug);
  } else {
    phase_ = Phase::noticed;
    drain_debug_ = debug;
    notice_ends_ = Deadline::after(loop_.now(), patience).at();
    session_.notice(debug);
    session_.ping(kDrainTag);
  }
  flush_soon();
}

void Connection::advance_drain() {
  phase_ = Phase::closing;
  notice_ends_ = TimePoint::max();
  session_.close_gracefully(ErrorCode::no_error, drain_debug_);
  if (aged_) start_age_grace();
  flush_soon();
}

// One that was being drained already ages all the same: the earliest deadline wins.
void Connection::reach_age() {
  age_ends_ = TimePoint::max();
  aged_ = true;
  if (phase_ == Phase::closing) start_age_grace();
  drain(kNotice, "max_age");
}

void Connection::start_age_grace() { grace_ends_ = Deadline::after(loop_.now(), options_.max_age_grace).at(); }

void Connection::abort(ErrorCode code, std::string_view reason) {
  if (closed_ || closing_soon_) return;
  session_.terminate(code, reason);
}

void Connection::close_soon(std::string_view reason) {
  if (closed_ || std::exchange(closing_soon_, true)) return;
  reason_ = reason;
  flush_soon();
}

// From the loop only: the last thing that happens is on_closed(), after which `this` may be gone.
void Connection::transport_gone(std::string_view reason) {
  if (std::exchange(closed_, true)) return;
  const std::string why(reason);
  phase_ = Phase::closed;
  alarm_.disarm();
  session_.on_transport_closed();
  count();
  settle();
  start_accepted();
  turn_end_.dequeue();
  owner_.on_closed(*this, why);
}

}  // namespace pintle::transport
