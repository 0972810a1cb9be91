#include <pintle/rpc/replay.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <pintle/rpc/awaiting.hpp>

namespace pintle {

Replay::Replay(LayerCall& call, const ReplayLimits& limits, ReplayAccount& account)
    : call_(call), source_(*call.source), type_(call.method().request), limits_(limits), account_(account) {}

Replay::~Replay() {
  source_.arm(nullptr);
  account_.held -= bytes_.size();
}

Replay::Reader::Reader(Replay& replay, LayerCall& attempt)
    : replay_(replay), attempt_(attempt), slot_(replay.type_), next_(std::exchange(replay.readers_, this)) {
  attempt.source = this;
  if (replay.committed_) replay.supersede(*this);
}

Replay::Reader::~Reader() {
  Reader** at = &replay_.readers_;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
  replay_.free_passed();
}

Poll Replay::poll(Reader& reader, Message*& message) {
  if (std::exchange(reader.lent_, 0) != 0) free_passed();
  if (reader.superseded_) return Poll::end;
  if (only_ != nullptr) {
    if (std::exchange(reader.at_, 1) != 0) return Poll::end;
    message = only_;
    return Poll::ready;
  }
  if (reader.at_ < end()) return lend(reader, message);
  return ended_ ? Poll::end : pull(reader, message);
}

// The reader has had all that is kept.
Poll Replay::pull(Reader& reader, Message*& message) {
  Message* came = nullptr;
  const Poll polled = detail::poll(call_, source_, came);
  if (polled == Poll::pending) return polled;
  ended_ = polled == Poll::end || came->is_last();
  if (polled == Poll::ready && ended_ && !committed_ && end() == 0) {
    only_ = came;
    reader.at_ = 1;
  } else if (polled == Poll::ready && !committed_) {
    if (keep(*came)) {
      wake_readers();
      return lend(reader, message);
    }
    commit(reader);
  }
  wake_readers();
  message = came;
  return polled;
}

Poll Replay::lend(Reader& reader, Message*& message) {
  const std::byte* const at = bytes_.data() + (reader.at_ - begin_);
  Record record;
  std::memcpy(&record, at, sizeof record);
  reader.current_ = Message(std::span<const std::byte>(at + sizeof record, record.size), type_,
                            type_ != nullptr ? reader.slot_.at() : nullptr);
  if (record.compressible == 0) reader.current_.without_compression();
  reader.current_.set_was_compressed(record.was_compressed != 0);
  reader.lent_ = sizeof record + record.size;
  reader.at_ += reader.lent_;
  reader.current_.set_last(ended_ && reader.at_ == end());
  message = &reader.current_;
  return Poll::ready;
}

// False: a limit forbids it.
bool Replay::keep(const Message& message) {
  const std::size_t size = message.size();
  const Record record{size, message.compressible(), message.was_compressed()};
  const std::size_t more = sizeof record + size;
  if (bytes_.size() + more > limits_.per_call || account_.held + more > limits_.per_loop) return false;
  std::byte* const to = bytes_.extend(more);
  std::memcpy(to, &record, sizeof record);
  message.encode(to + sizeof record);
  account_.held += more;
  for (Reader* r = readers_; r != nullptr; r = r->next_)
    if (r->lent_ != 0)
      r->current_.moved({bytes_.data() + (r->at_ - r->lent_ - begin_) + sizeof record, r->lent_ - sizeof record});
  return true;
}

void Replay::commit(Reader& reader) {
  if (reader.superseded_) return;
  committed_ = true;
  for (Reader* r = readers_; r != nullptr; r = r->next_)
    if (r != &reader) supersede(*r);
  free_passed();
}

void Replay::supersede(Reader& reader) {
  if (std::exchange(reader.superseded_, true)) return;
  reader.attempt_.scope.cancel(Status(Code::cancelled, "the call was committed to another attempt", Origin::library),
                               CancelCause::superseded);
  if (reader.waiter_ != nullptr) std::exchange(reader.waiter_, nullptr)->wake();
}

// A superseded reader may still hold a message, until it polls or goes.
void Replay::free_passed() {
  if (!committed_) return;
  std::uint64_t needed = end();
  for (const Reader* r = readers_; r != nullptr; r = r->next_)
    if (!r->superseded_ || r->lent_ != 0) needed = std::min(needed, r->at_ - r->lent_);
  needed = std::max(needed, begin_);
  const auto passed = static_cast<std::size_t>(needed - begin_);
  bytes_.consume(passed);
  begin_ = needed;
  account_.held -= passed;
  bytes_.shrink(0);
}

void Replay::arm(Reader& reader, Waiter* waiter) noexcept {
  reader.waiter_ = waiter;
  if (waiter != nullptr && (reader.superseded_ || ended_ || reader.at_ < end()))
    return std::exchange(reader.waiter_, nullptr)->wake();
  follow_source();
}

// The source has something for whoever polls first; the others find it kept, or the end.
void Replay::wake_readers() noexcept {
  for (Reader* r = readers_; r != nullptr; r = r->next_)
    if (r->waiter_ != nullptr) std::exchange(r->waiter_, nullptr)->wake();
}

void Replay::follow_source() noexcept {
  bool wanted = false;
  for (const Reader* r = readers_; r != nullptr; r = r->next_) wanted |= r->waiter_ != nullptr;
  source_.arm(wanted ? &arrived_ : nullptr);
}

}  // namespace pintle
