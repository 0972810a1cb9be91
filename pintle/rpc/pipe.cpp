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
  held_.set(0);
  wake(writer_);
}

void Pipe::release() {
  bytes_.consume(std::exchange(lent_, 0));
  held_.set(bytes_.size());
}

Poll Pipe::poll(Message*& message) {
  release();
  if (bytes_.empty()) {
    wake(writer_);
    return closed_ ? Poll::end : Poll::pending;
  }
  Record record;
  std::memcpy(&record, bytes_.data(), sizeof record);
  current_ = Message(std::span<const std::byte>(bytes_.data() + sizeof record, record.size), slot_.type(),
                     slot_.type() != nullptr ? slot_.at() : nullptr);
  if (record.compressible == 0) current_.without_compression();
  current_.set_was_compressed(record.was_compressed != 0);
  current_.set_last(closed_ && bytes_.size() == sizeof record + record.size);
  lent_ = sizeof record + record.size;
  if (room() != Poll::pending) wake(writer_);
  message = &current_;
  return Poll::ready;
}

Poll Pipe::push(const Message& message) {
  if (abandoned_ || closed_) return Poll::end;
  if (discarding_) return Poll::ready;
  const std::size_t size = message.size();
  const Record record{size, message.compressible(), message.was_compressed()};
  std::byte* at = bytes_.extend(sizeof record + size);
  std::memcpy(at, &record, sizeof record);
  message.encode(at + sizeof record);
  held_.set(bytes_.size());
  if (lent_ != 0) current_.moved({bytes_.data() + sizeof record, lent_ - sizeof record});
  wake(reader_);
  return room();
}

Poll Pipe::room() const noexcept {
  if (abandoned_) return Poll::end;
  return bytes_.size() - lent_ > mark_ ? Poll::pending : Poll::ready;
}

}  // namespace pintle
