#include <pintle/rpc/framed.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <pintle/wire/framing.hpp>

namespace pintle {

namespace {
constexpr std::size_t kKeptMemory = 64 * 1024;
}

void FramedSource::reset(const TypeInfo* type, void** slot, std::size_t limit) {
  type_ = type;
  slot_ = slot;
  limit_ = limit;
  lent_ = largest_ = 0;
  reader_ = nullptr;
  codec_ = nullptr;
  cut_off_ = false;
}

void FramedSource::drop_memory() {
  decompressed_->clear();
  decompressed_->shrink(kKeptMemory);
}

void FramedSource::release() {
  if (lent_ != 0) body_.consume(std::exchange(lent_, 0));
}

Poll FramedSource::fail(Code code, std::string_view message) {
  scope_.cancel(Status(code, message, Origin::library), CancelCause::fault);
  return Poll::end;
}

inline Poll FramedSource::lend(std::span<const std::byte> bytes, bool was_compressed, bool last, Message*& message) {
  ++count_.messages;
  count_.bytes += bytes.size();
  count_.wire_bytes += lent_;
  largest_ = std::max(largest_, bytes.size());
  current_ = Message(bytes, type_, slot_);
  current_.set_was_compressed(was_compressed);
  current_.set_last(last);
  message = &current_;
  return Poll::ready;
}

Poll FramedSource::decompress(std::span<const std::byte> bytes, bool last, Message*& message) {
  if (codec_ == nullptr)
    return fail(Code::internal, "a message is marked as compressed, but the call declared no grpc-encoding");
  if (decompressed_ == nullptr) decompressed_ = std::make_unique<Buffer>();
  if (Status bad = codec_->decompress(encoding_, bytes, limit_, *decompressed_); !bad.ok()) {
    scope_.cancel(std::move(bad), CancelCause::fault);
    return Poll::end;
  }
  return lend(decompressed_->bytes(), true, last, message);
}

// What lies at the start of the body is no plain message, and nothing that could become one.
Poll FramedSource::take_unusual(Message*& message) {
  const auto unread = body_.body();
  const wire::FrameStep step = wire::next_message(unread, limit_);
  switch (step.kind) {
    case wire::Frame::bad_flag:
      return fail(Code::internal, "a message begins with a flag that gRPC does not know: the framing is broken");
    case wire::Frame::too_large:
      return fail(Code::resource_exhausted,
                  fmt::format("a message of {} bytes came; the limit is {}", step.prefix.length, limit_));
    case wire::Frame::message:
      lent_ = step.needed;
      return decompress(step.message, unread.size() == lent_ && body_.body_ended(), message);
    case wire::Frame::need_more:
      break;
  }
  return fail(Code::internal, "the stream ended inside a message");
}

Poll FramedSource::poll(Message*& message) {
  release();
  if (scope_.cancelled()) return Poll::end;
  const auto unread = body_.body();
  const wire::FrameStep step = wire::next_message(unread, limit_);
  if (step.kind == wire::Frame::message && !step.prefix.compressed) [[likely]] {
    lent_ = step.needed;
    return lend(step.message, false, unread.size() == lent_ && body_.body_ended(), message);
  }
  if (step.kind != wire::Frame::need_more) return take_unusual(message);
  if (body_.body_ended()) return unread.empty() || cut_off_ ? Poll::end : take_unusual(message);
  body_.expect(step.needed);
  return Poll::pending;
}

void FramedSource::look() {
  const auto bytes = body_.body();
  if (lent_ != 0) {
    if (!current_.was_compressed()) current_.moved(bytes.subspan(wire::kPrefixSize, lent_ - wire::kPrefixSize));
    return;
  }
  const wire::FrameStep step = wire::next_message(bytes, limit_);
  if (step.kind == wire::Frame::need_more && !body_.body_ended() && !scope_.cancelled()) {
    body_.expect(step.needed);
    return;
  }
  std::exchange(reader_, nullptr)->wake();
}

// Whether the body took it.
bool FramedSink::write_compressed(const Message& message, std::size_t size) {
  std::span<const std::byte> bytes = message.bytes();
  if (!message.has_bytes()) {
    std::byte* const encoded = codec_->room(size);
    message.encode(encoded);
    bytes = {encoded, size};
  }
  const auto packed = codec_->compress(encoding_, bytes);
  if (packed) bytes = *packed;
  std::byte* at = body_.write_body(wire::kPrefixSize + bytes.size(), end_with_next_);
  if (at != nullptr) {
    count_.wire_bytes += wire::kPrefixSize + bytes.size();
    wire::write_prefix(at, packed.has_value(), static_cast<std::uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(at + wire::kPrefixSize, bytes.data(), bytes.size());
  }
  codec_->trim();
  return at != nullptr;
}

Poll FramedSink::push(const Message& message) {
  if (!started_) {
    started_ = true;
    before_first();
  }
  const std::size_t size = message.size();
  if (size > std::numeric_limits<std::uint32_t>::max()) return Poll::end;
  largest_ = std::max(largest_, size);
  if (codec_ != nullptr && message.compressible()) [[unlikely]] {
    if (!write_compressed(message, size)) return Poll::end;
    ++count_.messages;
    count_.bytes += size;
    return body_.body_writable() ? Poll::ready : Poll::pending;
  }
  std::byte* at = body_.write_body(wire::kPrefixSize + size, end_with_next_);
  if (at == nullptr) return Poll::end;
  ++count_.messages;
  count_.bytes += size;
  count_.wire_bytes += wire::kPrefixSize + size;
  wire::write_prefix(at, false, static_cast<std::uint32_t>(size));
  try {
    message.encode(at + wire::kPrefixSize);
  } catch (...) {  // the frame is on its way: it must not carry what was in memory before
    std::memset(at + wire::kPrefixSize, 0, size);
    throw;
  }
  return end_with_next_ || body_.body_writable() ? Poll::ready : Poll::pending;
}

Poll FramedSink::room() noexcept {
  if (!body_.body_open()) return Poll::end;
  return body_.body_writable() ? Poll::ready : Poll::pending;
}

void FramedSink::changed() {
  if (writer_ != nullptr && room() != Poll::pending) std::exchange(writer_, nullptr)->wake();
}

}  // namespace pintle
