#include <pintle/rpc/framed.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include <pintle/wire/framing.hpp>

namespace pintle {

void FramedSource::reset(const TypeInfo* type, void** slot, std::size_t limit) {
  type_ = type;
  slot_ = slot;
  limit_ = limit;
  lent_ = needed_ = largest_ = 0;
  reader_ = nullptr;
}

void FramedSource::release() {
  if (lent_ != 0) body_.consume(std::exchange(lent_, 0));
}

Poll FramedSource::fail(Code code, std::string_view message) {
  scope_.cancel(Status(code, message, Origin::library));
  return Poll::end;
}

Poll FramedSource::poll(Message*& message) {
  release();
  if (scope_.cancelled()) return Poll::end;
  const auto unread = body_.body();
  const wire::FrameStep step = wire::next_message(unread, limit_);
  switch (step.kind) {
    case wire::Frame::message:
      if (step.prefix.compressed)
        return fail(Code::internal, "a message is marked as compressed, but the call declared no grpc-encoding");
      lent_ = step.needed;
      needed_ = 0;
      largest_ = std::max(largest_, step.message.size());
      current_ = Message(step.message, type_, slot_);
      message = &current_;
      return Poll::ready;
    case wire::Frame::bad_flag:
      return fail(Code::internal, "a message begins with a flag that gRPC does not know: the framing is broken");
    case wire::Frame::too_large:
      return fail(Code::resource_exhausted,
                  fmt::format("a message of {} bytes came; the limit is {}", step.prefix.length, limit_));
    case wire::Frame::need_more:
      break;
  }
  if (body_.body_ended()) {
    if (unread.empty()) return Poll::end;
    return fail(Code::internal, "the stream ended inside a message");
  }
  needed_ = step.needed;
  body_.expect(needed_);
  return Poll::pending;
}

void FramedSource::changed() {
  const auto bytes = body_.body();
  if (lent_ != 0) {
    current_.moved(bytes.subspan(wire::kPrefixSize, lent_ - wire::kPrefixSize));
    return;
  }
  if (reader_ == nullptr) return;
  if (!body_.body_ended() && !scope_.cancelled()) {
    if (bytes.size() < needed_) return;
    const wire::FrameStep step = wire::next_message(bytes, limit_);
    if (step.kind == wire::Frame::need_more) {
      needed_ = step.needed;
      body_.expect(needed_);
      return;
    }
  }
  std::exchange(reader_, nullptr)->wake();
}

Poll FramedSink::push(const Message& message) {
  if (!started_) {
    started_ = true;
    before_first();
  }
  if (!body_.body_open()) return Poll::end;
  const std::size_t size = message.size();
  if (size > std::numeric_limits<std::uint32_t>::max()) return Poll::end;
  largest_ = std::max(largest_, size);
  std::byte* at = body_.write_body(wire::kPrefixSize + size, end_with_next_);
  if (at == nullptr) return Poll::end;
  wire::write_prefix(at, false, static_cast<std::uint32_t>(size));
  message.encode(at + wire::kPrefixSize);
  return body_.body_writable() ? Poll::ready : Poll::pending;
}

Poll FramedSink::room() {
  if (!body_.body_open()) return Poll::end;
  return body_.body_writable() ? Poll::ready : Poll::pending;
}

void FramedSink::changed() {
  if (writer_ != nullptr && room() != Poll::pending) std::exchange(writer_, nullptr)->wake();
}

}  // namespace pintle
