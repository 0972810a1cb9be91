// Messages above 256 KiB: inflating, parsing, writing and deflating them would keep a loop from its other calls, so the
// runtime's compute threads do it (Loop::compute()). They stand back behind the loops, and connections take turns.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <pintle/async/blocking.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/buffer.hpp>
#include <pintle/rpc/message.hpp>
#include <pintle/rpc/stream.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

class Call;
class CancelScope;

inline constexpr std::size_t kLargeMessage = 256 * 1024;  // bytes; above it

// What a large message lies in. Before its first byte there is room for the five of a gRPC prefix.
struct LargeMessage {
  Buffer plain;
  Buffer packed;                                       // the same compressed, where that is smaller
  wire::Encoding encoding = wire::Encoding::identity;  // with which that was tried
};

namespace detail {

// What a sink may take of a message; null: nothing. Throws std::logic_error where another has taken it: the message was
// pushed twice, and would go out empty.
LargeMessage* buffer_of(const Message& message);

// What came, made a message: inflated where it is compressed, parsed where its type is known.
class Unpacking final : public BlockingJob {
 public:
  // `bytes`: as they travelled, without the prefix. `limit`: of the message in bytes. `type` null: not parsed.
  Unpacking(Buffer bytes, wire::Encoding encoding, std::size_t limit, const TypeInfo* type)
      : bytes_(std::move(bytes)), encoding_(encoding), limit_(limit), type_(type) {}
  ~Unpacking() override;

  // Loop's thread, once it is over. The object is the caller's; null when the type is not known, or `malformed`.
  struct Outcome {
    Status status;
    Buffer bytes;
    void* object = nullptr;
    bool malformed = false;
  };
  Outcome take();

 private:
  void work() override;
  Buffer bytes_;
  wire::Encoding encoding_;
  std::size_t limit_;
  const TypeInfo* type_;
  Outcome outcome_;
};

// An object, written to bytes; and bytes, deflated.
class Packing final : public BlockingJob {
 public:
  // `object` stays as it is until the job is over, and was just measured.
  Packing(const void* object, const TypeInfo& type, std::size_t size, wire::Encoding encoding)
      : object_(object), type_(&type), size_(size), encoding_(encoding) {}
  Packing(LargeMessage message, wire::Encoding encoding) : encoding_(encoding), message_(std::move(message)) {}

  // Loop's thread, once it is over. Not OK when no thread had time for it; bytes come back all the same. Throws what
  // encode() threw.
  Status take(LargeMessage& message);

 private:
  void work() override;
  const void* object_ = nullptr;
  const TypeInfo* type_ = nullptr;
  std::size_t size_ = 0;
  wire::Encoding encoding_;
  LargeMessage message_;
};

// Awaits the end of a job, come what may: it works on what the awaiting coroutine owns.
class [[nodiscard("co_await it")]] Computing : CoWaiter {
 public:
  explicit Computing(std::shared_ptr<BlockingJob> job) : job_(std::move(job)) {}
  ~Computing() {
    if (!waiting_ || job_->withdraw()) return;
    job_->forget_waiter();
    job_->await_end();
  }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    const Env& env = h.promise().env;
    suspend(h, nullptr);
    return waiting_ = job_->submit(*env.loop, *env.loop->compute(), *this,
                                   env.scope != nullptr ? env.scope->acts_for() : nullptr);
  }
  // Whether it was taken on.
  bool await_resume() noexcept { return std::exchange(waiting_, false); }

 private:
  std::shared_ptr<BlockingJob> job_;
  bool waiting_ = false;
};

// Writes `message`, an object that was measured as large, and hands it to `sink`. The object stays as it is meanwhile.
// Result: as push()'s.
Task<Poll> pack_and_push(Call& call, Sink& sink, Message message);
// The same, and awaits room for the next. Result: as Writing's.
Task<Status> write_large(Call& call, Sink& sink, Message message, CancelScope& scope);
// The same for the last message of a response: nobody waits for the room behind it.
Task<Status> push_large(Call& call, Message message);
// write_large() for an awaiter, which may not throw. Nothing: the call has failed.
std::optional<Task<Status>> begin_write_large(Call& call, Sink& sink, const Message& message,
                                              CancelScope& scope) noexcept;

// What measure() says; false where it throws, which push() meets again.
inline bool is_large(Message& message) noexcept {
  try {
    return message.measure() > kLargeMessage;
  } catch (...) {
    return false;
  }
}

// Writes a large object into bytes, which are what is returned. Null where no thread has time: it is left as it is.
Task<std::unique_ptr<LargeMessage>> pack(Message& message);
// Deflates a message that is large and has bytes; they lie in what is returned then. Null, or not deflated, where no
// thread has time: the sink does it.
Task<std::unique_ptr<LargeMessage>> deflate(Message& message, wire::Encoding encoding);

}  // namespace detail
}  // namespace pintle
