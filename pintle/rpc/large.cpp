#include <pintle/rpc/large.hpp>

#include <stdexcept>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/wire/framing.hpp>

namespace pintle::detail {

LargeMessage* buffer_of(const Message& message) {
  LargeMessage* const large = message.large();
  if (large != nullptr && large->plain.size() != message.size())
    throw std::logic_error("a large message was pushed twice: its memory went with the first push");
  return large;
}

Unpacking::~Unpacking() {
  if (outcome_.object != nullptr) type_->drop(outcome_.object);
}

void Unpacking::work() {
  if (encoding_ != wire::Encoding::identity) {
    wire::Codec codec;
    outcome_.status = codec.decompress(encoding_, bytes_.bytes(), limit_, outcome_.bytes);
    bytes_ = Buffer();
    if (!outcome_.status.ok()) return;
  } else {
    outcome_.bytes = std::move(bytes_);
  }
  if (type_ == nullptr) return;
  outcome_.object = type_->slot(nullptr);
  outcome_.malformed = !type_->parse(outcome_.object, outcome_.bytes.bytes());
  if (outcome_.malformed) type_->drop(std::exchange(outcome_.object, nullptr));
}

Unpacking::Outcome Unpacking::take() {
  claim();
  if (exception_) std::rethrow_exception(exception_);
  if (!ran_)
    outcome_.status = Status(Code::resource_exhausted, "too many large messages wait to be unpacked", Origin::library);
  return std::exchange(outcome_, Outcome());
}

void Packing::work() {
  if (object_ != nullptr) {
    message_.plain.extend(wire::kPrefixSize + size_);
    message_.plain.consume(wire::kPrefixSize);
    type_->encode(object_, message_.plain.data());
  }
  if (encoding_ == wire::Encoding::identity) return;
  message_.encoding = encoding_;
  wire::Codec codec;
  const auto packed = codec.compress(encoding_, message_.plain.bytes());
  if (!packed) return;
  message_.packed.extend(wire::kPrefixSize);
  message_.packed.append(*packed);
  message_.packed.consume(wire::kPrefixSize);
}

Status Packing::take(LargeMessage& message) {
  claim();
  if (exception_) std::rethrow_exception(exception_);
  message = std::move(message_);
  return ran_ ? Status() : workers_busy();
}

namespace {

wire::Encoding coding_of(const Sink& sink, const Message& message) {
  return message.compressible() ? sink.coding() : wire::Encoding::identity;
}

// Of a loop. An object that waits to be written is memory that nobody has charged, so few do; what comes on top is
// written on the loop.
struct Packings {
  static constexpr int kAtOnce = 4;
  int under_way = 0;
};
struct OnePacking {
  explicit OnePacking(Packings& p) : packings(p) { ++packings.under_way; }
  OnePacking(const OnePacking&) = delete;
  ~OnePacking() { --packings.under_way; }
  Packings& packings;
};

// `loop`: the one it runs on.
Task<std::unique_ptr<LargeMessage>> pack_for(Loop& loop, Message& message, wire::Encoding encoding) {
  auto& packings = loop.local<Packings>();
  if (loop.compute() == nullptr || packings.under_way >= Packings::kAtOnce) co_return nullptr;
  const OnePacking counted(packings);
  auto job = std::make_shared<Packing>(message.object(), *message.type(), message.size(), encoding);
  auto into = std::make_unique<LargeMessage>();
  if (!co_await Computing(job) || !job->take(*into).ok()) co_return nullptr;
  message.set_large(*into, into->plain.bytes());
  co_return into;
}

}  // namespace

Task<std::unique_ptr<LargeMessage>> pack(Message& message) {
  const Env env = co_await current_env();
  co_return co_await pack_for(*env.loop, message, wire::Encoding::identity);
}

Task<Poll> pack_and_push(Call& call, Sink& sink, Message message) {
  std::unique_ptr<LargeMessage> large;
  try {
    large = co_await pack_for(call.loop(), message, coding_of(sink, message));
  } catch (...) {
    for_layers(call).fail_with_current_exception();
    co_return Poll::end;
  }
  if (call.cancelled()) co_return Poll::end;
  co_return push(call, sink, message);
}

Task<Status> write_large(Call& call, Sink& sink, Message message, CancelScope& scope) {
  const Poll pushed = co_await pack_and_push(call, sink, message);
  co_return co_await Room(sink, scope, pushed);
}

Task<Status> push_large(Call& call, Message message) {
  Sink& sink = *for_layers(call).sink;
  if (co_await pack_and_push(call, sink, message) != Poll::end) co_return Status();
  co_return co_await Room(sink, for_layers(call).scope, Poll::end);
}

std::optional<Task<Status>> begin_write_large(Call& call, Sink& sink, const Message& message,
                                              CancelScope& scope) noexcept {
  try {
    return write_large(call, sink, message, scope);
  } catch (...) {
    for_layers(call).fail_with_current_exception();
    return std::nullopt;
  }
}

Task<std::unique_ptr<LargeMessage>> deflate(Message& message, wire::Encoding encoding) {
  const Env env = co_await current_env();
  if (env.loop->compute() == nullptr || !message.has_bytes()) co_return nullptr;
  LargeMessage given;
  if (LargeMessage* const large = buffer_of(message)) {
    given = std::move(*large);
  } else {
    given.plain.extend(wire::kPrefixSize);
    given.plain.append(message.bytes());
    given.plain.consume(wire::kPrefixSize);
  }
  auto job = std::make_shared<Packing>(std::move(given), encoding);
  (void)co_await Computing(job);
  auto into = std::make_unique<LargeMessage>();
  (void)job->take(*into);
  message.set_large(*into, into->plain.bytes());
  co_return into;
}

}  // namespace pintle::detail
