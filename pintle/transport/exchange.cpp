#include <pintle/transport/exchange.hpp>

#include <algorithm>
#include <utility>

#include <pintle/transport/connection.hpp>

namespace pintle::transport {

namespace {
constexpr std::size_t kKeptCapacity = 64 * 1024;  // memory that a pooled exchange keeps between calls
constexpr std::size_t kLeastKnown = 16 * 1024,
                      kBelieved = 4;  // whose size is believed: that much is there, and 4 times as much
}  // namespace

void Exchange::attach(Connection& connection, http2::Stream& stream, bool ended) {
  connection_ = &connection;
  stream_ = &stream;
  stream.context = this;
  memory_ = connection.share_.account();
  ended_ = ended;
  sent_end_ = left_ = false;
  credited_ = expected_ = 0;
}

void Exchange::append(std::span<const std::byte> data) {
  if (data.empty()) return;
  if (body_.empty()) {
    if (!unsettled_) {
      connection_->unsettled_.push_back(this);
      unsettled_slot_ = connection_->unsettled_.size() - 1;
      unsettled_ = true;
    }
    in_place_ = true;
    body_ = data;
  } else {
    settle();
    keep(data);
  }
  if (expected_ > credited_) expect(expected_);
}

void Exchange::keep(std::span<const std::byte> data) {
  if (kept_.empty()) began_to_wait();
  // Room for a large message at once: growing by doubling would copy it twice. Not before a part of it is there.
  if (const std::size_t now = kept_.size() + data.size(); kept_.capacity() < expected_ && now >= kLeastKnown)
    kept_.prepare(std::min(expected_, kBelieved * now) - kept_.size());
  kept_.append(data);
  body_ = kept_.bytes();
  charge(data.size());
}

void Exchange::keep_only(std::size_t n) {
  if (in_place_ || kept_.size() <= n) return;
  discharge(kept_.size() - n);
  kept_.truncate(n);
  kept_.shrink(0);
  body_ = kept_.bytes();
}

// The connection's, so that it knows what it holds for its peer, until that is gone.
void Exchange::charge(std::size_t bytes) {
  if (connection_ != nullptr)
    connection_->share_.charge(bytes);
  else if (memory_ != nullptr)
    memory_->charge(bytes);
}

void Exchange::discharge(std::size_t bytes) {
  if (connection_ != nullptr)
    connection_->share_.give_back(bytes);
  else if (memory_ != nullptr)
    memory_->give_back(bytes);
}

bool Exchange::waits() const {
  return !kept_.empty() || taken_ != 0 || (stream_ != nullptr && connection_->session_.queued(*stream_) != 0);
}

std::uint32_t Exchange::moved() const {
  return consumed_ + (stream_ != nullptr ? connection_->session_.moved(*stream_) : 0);
}

void Exchange::began_to_wait() {
  if (connection_ != nullptr && !waits()) progress_.begin(connection_->loop().now(), moved());
}

void Exchange::settle() {
  if (!in_place_) return;
  keep(body_);
  in_place_ = false;
}

void Exchange::consume(std::size_t n) {
  body_ = body_.subspan(n);
  if (in_place_) {
    in_place_ = !body_.empty();
  } else {
    kept_.consume(n);
    consumed_ += static_cast<std::uint32_t>(n);
    discharge(n);
  }
  credit(n);
}

Buffer Exchange::take(std::size_t n) {
  Buffer taken;
  if (!in_place_ && kept_.size() - n < n) {
    Buffer rest;
    rest.append(kept_.bytes().subspan(n));
    taken = std::exchange(kept_, std::move(rest));
    taken.truncate(n);
  } else {
    taken.append(body_.first(n));
    if (in_place_)
      charge(n);
    else
      kept_.consume(n);
  }
  body_ = in_place_ ? body_.subspan(n) : kept_.bytes();
  in_place_ = in_place_ && !body_.empty();
  taken_ += n;
  expected_ = 0;
  return taken;
}

void Exchange::give_back(std::size_t n) {
  consumed_ += static_cast<std::uint32_t>(n);
  let_go(n);
  credit(n);
}

void Exchange::hold(std::size_t n) {
  began_to_wait();
  taken_ += n;
  charge(n);
}

void Exchange::let_go(std::size_t n) {
  taken_ -= n;
  discharge(n);
}

void Exchange::credit(std::size_t n) {
  const std::size_t ahead = std::min(n, credited_);
  credited_ -= ahead;
  expected_ = 0;
  if (stream_ != nullptr && n > ahead) {
    connection_->session_.consume(*stream_, n - ahead);
    connection_->flush_soon();
  }
}

void Exchange::expect(std::size_t total) {
  // Half of a window is never owed to the peer (http2's ReceiveWindow), so this many bytes come without our help.
  if (connection_ != nullptr && total <= connection_->allowed_ahead_) return;
  expected_ = total;
  const std::size_t reach = std::min(total, body_.size());
  if (reach <= credited_ || stream_ == nullptr || ended_) return;
  if (connection_->is_greedy()) return connection_->guard_->watch();  // which goes on when there is room again
  connection_->session_.consume(*stream_, reach - std::exchange(credited_, reach));
  connection_->flush_soon();
}

void Exchange::send_head(const PreparedBlock& head, std::span<const OutField> more, bool end) {
  if (stream_ == nullptr || sent_end_) return;
  sent_end_ = end;
  connection_->flush_soon();
  connection_->session_.send_head(*stream_, head, more, end);
}

std::byte* Exchange::write_body(std::size_t n, bool end) {
  if (!body_open()) return nullptr;
  sent_end_ = end;
  connection_->flush_soon();
  http2::Session& session = connection_->session_;
  if (std::byte* direct = session.write_data(*stream_, n, end)) return direct;
  return queue_body(n, end);
}

std::span<std::byte> Exchange::write_piece(std::size_t left, bool end) {
  if (!body_open()) return {};
  connection_->flush_soon();
  std::span<std::byte> piece = connection_->session_.write_piece(*stream_, left, end);
  if (piece.empty()) {
    std::byte* const at = queue_body(left, end);
    if (at != nullptr) piece = {at, left};
  }
  if (piece.size() == left) sent_end_ = end;
  return piece;
}

std::byte* Exchange::queue_body(std::size_t n, bool end) {
  if (!make_room()) return nullptr;
  std::byte* const at = connection_->session_.extend_queue(*stream_, n, end);
  connection_->count();
  return at;
}

bool Exchange::write_body(Buffer&& bytes, bool end) {
  if (!body_open()) return false;
  sent_end_ = end;
  connection_->flush_soon();
  if (!make_room()) return false;
  connection_->session_.queue_buffer(*stream_, std::move(bytes), end);
  connection_->count();
  return true;
}

// Before something is queued for the stream. False: it was ended for want of memory.
bool Exchange::make_room() {
  if (connection_->guard_ == nullptr) return true;
  if (connection_->share_.is_over()) {
    connection_->guard_->make_room(this);
    if (stream_ == nullptr) return false;  // its connection was ended with the others
  }
  began_to_wait();
  return true;
}

bool Exchange::body_writable() const { return stream_ == nullptr || connection_->session_.writable(*stream_); }

void Exchange::end_body() {
  if (!body_open()) return;
  sent_end_ = true;
  connection_->flush_soon();
  connection_->session_.queue_data(*stream_, {}, true);
}

void Exchange::send_trailers(const PreparedBlock& block, std::span<const OutField> more) {
  if (!body_open()) return;
  sent_end_ = true;
  connection_->flush_soon();
  connection_->session_.send_trailers(*stream_, block, more);
}

void Exchange::reset(ErrorCode code) {
  if (stream_ == nullptr) return;
  connection_->flush_soon();
  connection_->session_.reset(*stream_, code);  // detaches
}

void Exchange::detach() {
  stream_ = nullptr;
  ended_ = true;
}

bool Exchange::left() const { return left_ || (connection_ != nullptr && connection_->written() > opened_at_); }

void Exchange::orphan() {
  left_ = left();
  settle();
  discharge(kept_.size() + taken_);
  connection_ = nullptr;
  charge(kept_.size() + taken_);
  detach();
  unsettled_ = accepted_ = waiting_ = running_ = false;
}

void Exchange::give_up_turn() {
  if (!waiting_) return;
  std::erase(connection_->waiting_, this);
  connection_->start_soon(*this);
}

void Exchange::finish(Deadline deadline) {
  if (!kept_.empty()) discharge(kept_.size());
  if (connection_ != nullptr) leave(*std::exchange(connection_, nullptr), deadline);
  body_ = {};
  ended_ = true;
  in_place_ = false;
  kept_.clear();
  kept_.shrink(kKeptCapacity);
}

void Exchange::leave(Connection& connection, Deadline deadline) noexcept {
  try {
    leave_stream(connection, deadline);
  } catch (...) {  // out of memory
    connection.give_up();
  }
  connection.forget(*this);
}

inline void Exchange::leave_stream(Connection& connection, Deadline deadline) {
  if (stream_ != nullptr) {
    http2::Stream& stream = *std::exchange(stream_, nullptr);
    stream.context = nullptr;
    const bool is_client = connection.role_ == http2::Role::client;
    if (!sent_end_ || (is_client && !ended_)) {
      connection.session_.reset(stream, ErrorCode::cancel);
      connection.flush_soon();
    } else {
      const std::size_t unread = ended_ ? 0 : body_.size();
      if (unread > credited_) connection.session_.consume(stream, unread - credited_);
      if (!connection.session_.end_sent(stream)) connection.keep_leftover(stream, deadline, progress_);
    }
  }
}

}  // namespace pintle::transport
