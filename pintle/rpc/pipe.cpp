#include <pintle/rpc/pipe.hpp>

#include <cstring>
#include <utility>

namespace pintle {

void Pipe::wake(Waiter*& waiter) {
  if (waiter != nullptr) std::exchange(waiter, nullptr)->wake();
}

void Pipe::close() {
  closed_ = true;
  wake(reader_);
}

void Pipe::abandon() {
  abandoned_ = true;
  wake(writer_);
}

void Pipe::discard() {
  discarding_ = true;
  release();
  bytes_.clear();
  bytes_.shrink(0);
  discard_large();
  count();
  wake(writer_);
}

void Pipe::discard_large() {
  for (const Large& large : large_)
    if (large.object != nullptr) slot_.type()->drop(large.object);
  large_.clear();
  large_bytes_ = 0;
}

void Pipe::count() { held_.set(bytes_.size() + large_bytes_ + (lent_large_ ? large_.front().bytes.plain.size() : 0)); }

void Pipe::release() {
  bytes_.consume(std::exchange(lent_, 0));
  if (std::exchange(lent_large_, false)) large_.pop_front();
  count();
}

Poll Pipe::poll(Message*& message) {
  release();
  if (bytes_.empty()) {
    wake(writer_);
    return closed_ ? Poll::end : Poll::pending;
  }
  Record record;
  std::memcpy(&record, bytes_.data(), sizeof record);
  void** const slot = slot_.type() != nullptr ? slot_.at() : nullptr;
  if (record.large != 0) {
    Large& large = large_.front();
    const std::span<const std::byte> bytes = large.bytes.plain.bytes();
    current_ = Message(bytes, slot_.type(), slot);
    current_.set_large(large.bytes, bytes);
    if (large.object != nullptr) {
      current_.set_parsed(large.object);
      slot_.put(std::exchange(large.object, nullptr));
    }
    large_bytes_ -= bytes.size();
    lent_large_ = true;
    lent_ = sizeof record;
  } else {
    current_ = Message(std::span<const std::byte>(bytes_.data() + sizeof record, record.size), slot_.type(), slot);
    lent_ = sizeof record + record.size;
  }
  if (record.compressible == 0) current_.without_compression();
  current_.set_was_compressed(record.was_compressed != 0);
  current_.set_last(closed_ && bytes_.size() == lent_);
  if (room() != Poll::pending) wake(writer_);
  message = &current_;
  return Poll::ready;
}

Poll Pipe::push(const Message& message) {
  if (abandoned_ || closed_) return Poll::end;
  if (discarding_) return Poll::ready;
  const std::size_t size = message.size();
  const bool large = message.large() != nullptr && detail::buffer_of(message) != nullptr;
  const Record record{size, message.compressible(), message.was_compressed(), large};
  std::byte* at = bytes_.extend(sizeof record + (large ? 0 : size));
  std::memcpy(at, &record, sizeof record);
  if (large) {
    large_.emplace_back(message);
    large_bytes_ += size;
  } else {
    message.encode(at + sizeof record);
  }
  count();
  if (lent_ != 0 && !lent_large_) current_.moved({bytes_.data() + sizeof record, lent_ - sizeof record});
  wake(reader_);
  return room();
}

Poll Pipe::room() const noexcept {
  if (abandoned_) return Poll::end;
  return bytes_.size() - lent_ + large_bytes_ > mark_ ? Poll::pending : Poll::ready;
}

}  // namespace pintle
