// A bounded queue of encoded messages between two coroutines of one loop: what stands between a caller's code and the
// chain of its streaming call, and between the two sides of an in-memory channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include <pintle/base/buffer.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/rpc/large.hpp>
#include <pintle/rpc/stream.hpp>

namespace pintle {

// Loop's thread only. One writer, one reader; must outlive the waits of both.
class Pipe {
 public:
  // `type` may be null (bytes only). The writer waits while more than `mark` bytes are unread. What it holds is charged
  // to `memory`, which outlives it; null: not counted.
  explicit Pipe(const TypeInfo* type, std::size_t mark = 64 * 1024, MemoryAccount* memory = nullptr)
      : slot_(type), mark_(mark), held_(memory), out_(*this), in_(*this) {}
  Pipe(const Pipe&) = delete;
  ~Pipe() { discard_large(); }

  Source& source() { return out_; }
  Sink& sink() { return in_; }

  // The writer is done: the reader gets what is left, then the end.
  void close();
  // The reader is gone: writes end at once.
  void abandon();
  // The reader wants no more messages, but the writer is to go on to its end: what comes is dropped.
  void discard();

 private:
  struct Out final : Source {
    explicit Out(Pipe& p) : pipe(p) {}
    Poll poll(Message*& message) override { return pipe.poll(message); }
    void arm(Waiter* waiter) noexcept override { pipe.reader_ = waiter; }
    Pipe& pipe;
  };
  struct In final : Sink {
    explicit In(Pipe& p) : pipe(p) {}
    void head(const Metadata&) override {}
    Poll push(const Message& message) override { return pipe.push(message); }
    Poll room() noexcept override { return pipe.room(); }
    void arm(Waiter* waiter) noexcept override { pipe.writer_ = waiter; }
    Pipe& pipe;
  };

  // Before each message in `bytes_`. Of a large one, which came with its buffer, nothing follows: it is in `large_`.
  struct Record {
    std::uint64_t size : 61, compressible : 1, was_compressed : 1, large : 1;
  };
  struct Large {
    explicit Large(const Message& message) : bytes(std::move(*message.large())), object(message.take_object()) {}
    LargeMessage bytes;
    void* object;  // null: not parsed
  };

  Poll poll(Message*& message);
  Poll push(const Message& message);
  Poll room() const noexcept;
  void release();  // what the last poll() lent
  void discard_large();
  void count();
  static void wake(Waiter*& waiter);

  MessageSlot slot_;
  std::size_t mark_;
  Buffer bytes_;
  std::deque<Large> large_;
  std::size_t large_bytes_ = 0;  // in large_, but for what is lent
  MemoryCharge held_;            // of all of them
  std::size_t lent_ = 0;
  bool lent_large_ = false;
  Message current_;
  Waiter *reader_ = nullptr, *writer_ = nullptr;
  bool closed_ = false, abandoned_ = false, discarding_ = false;
  Out out_;
  In in_;
};

}  // namespace pintle
