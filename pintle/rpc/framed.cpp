#include <pintle/rpc/framed.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include <pintle/wire/framing.hpp>

namespace pintle {

namespace {
constexpr std::size_t kKeptMemory = 64 * 1024;
constexpr std::size_t kLargePacked = 64 * 1024;  // bytes of a compressed message that will hardly be a small one

// The frames of one message, as the body gives them.
class BodyPieces final : public Pieces {
 public:
  BodyPieces(ByteOutflow& body, std::size_t size, bool end) : body_(body), left_(size), end_(end) {}
  std::span<std::byte> next() override {
    fill();
    return given_ = std::exchange(rest_, {});
  }
  // False: nobody takes it.
  bool put(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      fill();
      if (rest_.empty()) return false;
      const std::size_t n = std::min(bytes.size(), rest_.size());
      std::memcpy(rest_.data(), bytes.data(), n);
      bytes = bytes.subspan(n);
      rest_ = rest_.subspan(n);
    }
    return true;
  }
  // Zeroes in what was given last and in all that was not.
  void blank() {
    for (std::ranges::fill(given_, std::byte{}); !next().empty();) std::ranges::fill(given_, std::byte{});
  }
  bool refused() const { return refused_; }

 private:
  void fill() {
    if (!rest_.empty() || left_ == 0 || refused_) return;
    rest_ = body_.write_piece(left_, end_);
    left_ -= rest_.size();
    refused_ = rest_.empty();
  }

  ByteOutflow& body_;
  std::size_t left_;
  bool end_, refused_ = false;
  std::span<std::byte> rest_, given_;
};

}  // namespace

void FramedSource::reset(const TypeInfo* type, void** slot, std::size_t limit) {
  type_ = type;
  slot_ = slot;
  limit_ = limit;
  lent_ = largest_ = 0;
  reader_ = nullptr;
  codec_ = nullptr;
  cut_off_ = false;
}

FramedSource::Rare::~Rare() { give_back(); }

void FramedSource::Rare::give_back() {
  const auto dropped = std::move(job);
  if (dropped != nullptr && !arrived && !dropped->withdraw()) dropped->forget_waiter();
  inflated.reset();
  if (held != 0) source.body_.let_go(std::exchange(held, 0));
  if (std::exchange(taken, false)) source.body_.give_back(std::exchange(source.lent_, 0));
}

void FramedSource::drop_rare() {
  rare_->give_back();
  rare_->own.plain.clear();
  rare_->own.plain.shrink(kKeptMemory);
  rare_->own.packed = Buffer();
}

void FramedSource::release() {
  const std::size_t lent = std::exchange(lent_, 0);
  hold(0);
  if (std::exchange(rare_->taken, false))
    body_.give_back(lent);
  else
    body_.consume(lent);
}

// What the message that is lent out takes beside the body.
void FramedSource::hold(std::size_t bytes) {
  const std::size_t before = std::exchange(rare_->held, bytes);
  if (bytes > before) body_.hold(bytes - before);
  if (bytes < before) body_.let_go(before - bytes);
}

FramedSource::Rare& FramedSource::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<Rare>(*this);
  return *rare_;
}

Poll FramedSource::fail(Code code, std::string_view message) {
  call_.scope.cancel(Status(code, message, Origin::library), CancelCause::fault);
  return Poll::end;
}

// -- Large messages ---------------------------------------------------------------------------------------------------

// Whether the message at the start of the body is unpacked by another thread, which is then on its way. A compressed
// one may be anything: a little of it is tried here, and begun anew elsewhere where that was not all.
bool FramedSource::goes_elsewhere() {
  const wire::FrameStep step = wire::next_message(body_.body(), limit_);
  if (!has_threads() || step.kind != wire::Frame::message || call_.scope.cancelled()) return false;
  if (!step.prefix.compressed) {
    if (step.needed <= kLargeMessage || type_ == nullptr || slot_ == nullptr) return false;
    unpack(step.needed, wire::Encoding::identity);
    return true;
  }
  if (codec_ == nullptr || limit_ <= kLargeMessage) return false;
  if (step.message.size() <= kLargePacked) {
    Status tried = codec_->decompress(encoding_, step.message, kLargeMessage, rare().own.plain);
    if (tried.code() != Code::resource_exhausted) {
      rare_->inflated = std::move(tried);
      return false;
    }
  }
  unpack(step.needed, encoding_);
  return true;
}

void FramedSource::unpack(std::size_t size, wire::Encoding encoding) {
  Rare& r = rare();
  lent_ = size;
  Buffer bytes = body_.take(size);
  r.taken = true;
  bytes.consume(wire::kPrefixSize);
  r.was_compressed = encoding != wire::Encoding::identity;
  r.arrived = false;
  const TypeInfo* const type = slot_ != nullptr ? type_ : nullptr;
  auto job = std::make_shared<detail::Unpacking>(std::move(bytes), encoding, limit_, type);
  if (job->submit(call_.loop(), *call_.loop().compute(), r, call_.scope.acts_for()))
    r.job = std::move(job);
  else
    fail(Code::resource_exhausted, "too many large messages wait to be unpacked");
}

void FramedSource::Rare::unpacked(Waiter* waiter) noexcept {
  auto& self = *static_cast<Rare*>(waiter);
  self.arrived = true;
  if (self.source.reader_ != nullptr) std::exchange(self.source.reader_, nullptr)->wake();
}

Poll FramedSource::take_unpacked(Message*& message) {
  if (call_.scope.cancelled()) {
    rare_->give_back();
    return Poll::end;
  }
  Rare& r = *rare_;
  if (!r.arrived) return Poll::pending;
  detail::Unpacking::Outcome unpacked = std::exchange(r.job, nullptr)->take();
  if (!unpacked.status.ok()) {
    call_.scope.cancel(std::move(unpacked.status), CancelCause::fault);
    return Poll::end;
  }
  r.own.plain = std::move(unpacked.bytes);
  const std::span<const std::byte> bytes = r.own.plain.bytes();
  lend(bytes, r.was_compressed, body_.body().empty() && body_.body_ended(), message);
  current_.set_large(r.own, bytes);
  hold((r.was_compressed ? bytes.size() : 0) + (unpacked.object != nullptr ? bytes.size() : 0));
  if (unpacked.object != nullptr) {
    if (*slot_ != nullptr) type_->drop(*slot_);
    *slot_ = unpacked.object;
    current_.set_parsed(unpacked.object);
  } else if (unpacked.malformed) {
    current_.set_malformed();
  }
  return Poll::ready;
}

// -- Messages ---------------------------------------------------------------------------------------------------------

[[gnu::always_inline]] inline Poll FramedSource::lend(std::span<const std::byte> bytes, bool was_compressed, bool last,
                                                      Message*& message) {
  TrafficCount& count = call_.traffic.in;
  ++count.messages;
  count.bytes += bytes.size();
  count.wire_bytes += lent_;
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
  Rare& r = rare();
  Status bad =
      r.inflated ? *std::exchange(r.inflated, std::nullopt) : codec_->decompress(encoding_, bytes, limit_, r.own.plain);
  if (!bad.ok()) {
    call_.scope.cancel(std::move(bad), CancelCause::fault);
    return Poll::end;
  }
  hold(r.own.plain.size());
  return lend(r.own.plain.bytes(), true, last, message);
}

// What lies at the start of the body is no plain message of a common size, and nothing that could become one.
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
      if (goes_elsewhere()) return call_.scope.cancelled() ? Poll::end : Poll::pending;
      lent_ = step.needed;
      if (!step.prefix.compressed)
        return lend(step.message, false, unread.size() == lent_ && body_.body_ended(), message);
      return decompress(step.message, unread.size() == lent_ && body_.body_ended(), message);
    case wire::Frame::need_more:
      break;
  }
  return fail(Code::internal, "the stream ended inside a message");
}

Poll FramedSource::poll(Message*& message) {
  if (lent_ != 0) {
    if (rare_ != nullptr) [[unlikely]] {
      if (rare_->job != nullptr) return take_unpacked(message);
      release();
    } else {
      body_.consume(std::exchange(lent_, 0));
    }
  }
  if (call_.scope.cancelled()) return Poll::end;
  const auto unread = body_.body();
  const wire::FrameStep step = wire::next_message(unread, limit_);
  if (step.kind == wire::Frame::message && !step.prefix.compressed && step.needed <= kLargeMessage) [[likely]] {
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
    if (!current_.was_compressed() && !is_taken())
      current_.moved(bytes.subspan(wire::kPrefixSize, lent_ - wire::kPrefixSize));
    return;
  }
  const wire::FrameStep step = wire::next_message(bytes, limit_);
  if (step.kind == wire::Frame::need_more && !body_.body_ended() && !call_.scope.cancelled()) {
    body_.expect(step.needed);
    return;
  }
  if (step.needed > kLargeMessage || step.prefix.compressed) [[unlikely]]
    return look_closer();
  std::exchange(reader_, nullptr)->wake();
}

void FramedSource::look_closer() {
  if (!goes_elsewhere()) std::exchange(reader_, nullptr)->wake();
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

[[gnu::always_inline]] inline Poll FramedSink::push_here(const Message& message, std::size_t size) {
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

Poll FramedSink::push(const Message& message) {
  if (!started_) {
    started_ = true;
    before_first();
  }
  const std::size_t size = message.size();
  largest_ = std::max(largest_, size);
  if (size > long_) [[unlikely]]
    return push_long(message, size);
  return push_here(message, size);
}

Poll FramedSink::push_long(const Message& message, std::size_t size) {
  if (size > limit_) return Poll::end;
  if (size <= kLongMessage) return push_here(message, size);
  if (size > kLargeMessage) return push_large(message, size);
  if (codec_ != nullptr && message.compressible()) return push_here(message, size);
  return message.in_pieces() ? push_pieces(message, size) : push_here(message, size);
}

// Straight into the frames that carry it.
Poll FramedSink::push_pieces(const Message& message, std::size_t size) {
  BodyPieces pieces(body_, wire::kPrefixSize + size, end_with_next_);
  std::array<std::byte, wire::kPrefixSize> prefix;
  wire::write_prefix(prefix.data(), false, static_cast<std::uint32_t>(size));
  if (!pieces.put(prefix)) return Poll::end;
  ++count_.messages;
  count_.bytes += size;
  count_.wire_bytes += wire::kPrefixSize + size;
  try {
    message.encode(pieces);
  } catch (...) {  // as above
    pieces.blank();
    throw;
  }
  if (pieces.refused()) return Poll::end;
  return end_with_next_ || body_.body_writable() ? Poll::ready : Poll::pending;
}

// Written already, and deflated where this call deflates: its buffer goes on as it is.
Poll FramedSink::push_large(const Message& message, std::size_t size) {
  LargeMessage* const large = detail::buffer_of(message);
  const wire::Encoding wanted = message.compressible() ? coding() : wire::Encoding::identity;
  if (large == nullptr || (wanted != wire::Encoding::identity && wanted != large->encoding))
    return push_here(message, size);
  const bool packed = wanted != wire::Encoding::identity && !large->packed.empty();
  Buffer& bytes = packed ? large->packed : large->plain;
  const std::size_t length = bytes.size();
  wire::write_prefix(bytes.prepend(wire::kPrefixSize), packed, static_cast<std::uint32_t>(length));
  if (!body_.write_body(std::move(bytes), end_with_next_)) {
    bytes.consume(wire::kPrefixSize);
    return Poll::end;
  }
  ++count_.messages;
  count_.bytes += size;
  count_.wire_bytes += wire::kPrefixSize + length;
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
