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
  wake(writer_);
}

void Pipe::release() { bytes_.consume(std::exchange(lent_, 0)); }

Poll Pipe::poll(Message*& message) {
  release();
  if (bytes_.empty()) {
    wake(writer_);
    return closed_ ? Poll::end : Poll::pending;
  }
  std::size_t size;
  std::memcpy(&size, bytes_.data(), sizeof size);
  current_ = Message(std::span<const std::byte>(bytes_.data() + sizeof size, size), slot_.type(),
                     slot_.type() != nullptr ? slot_.at() : nullptr);
  lent_ = sizeof size + size;
  if (room() != Poll::pending) wake(writer_);
  message = &current_;
  return Poll::ready;
}

Poll Pipe::push(const Message& message) {
  if (abandoned_ || closed_) return Poll::end;
  if (discarding_) return Poll::ready;
  const std::size_t size = message.size();
  std::byte* at = bytes_.extend(sizeof size + size);
  std::memcpy(at, &size, sizeof size);
  message.encode(at + sizeof size);
  if (lent_ != 0) current_.moved({bytes_.data() + sizeof size, lent_ - sizeof size});
  wake(reader_);
  return room();
}

Poll Pipe::room() const {
  if (abandoned_) return Poll::end;
  return bytes_.size() - lent_ > mark_ ? Poll::pending : Poll::ready;
}

}  // namespace pintle
