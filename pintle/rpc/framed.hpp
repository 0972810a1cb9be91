// Messages in a body of bytes: the length-prefixed framing of gRPC as a Source and a Sink.
#pragma once

#include <cstddef>

#include <pintle/async/cancel.hpp>
#include <pintle/base/byte_flow.hpp>
#include <pintle/rpc/stream.hpp>

namespace pintle {

// Reads messages in place, out of the body. A framing error (a message above the limit, a bad flag, a body that ends
// inside a message) cancels `scope` with the status that gRPC demands, so that the read returns it. One call, loop's
// thread only.
class FramedSource final : public Source {
 public:
  // `limit`: the largest message in bytes; above it RESOURCE_EXHAUSTED.
  FramedSource(ByteInflow& body, CancelScope& scope) : body_(body), scope_(scope) {}
  // For the next call. `type` may be null; `slot` holds the parsed object.
  void reset(const TypeInfo* type, void** slot, std::size_t limit);

  Poll poll(Message*& message) override;
  void arm(Waiter* waiter) override { reader_ = waiter; }

  // The body grew, ended or moved: wakes the reader where a poll() would not be pending.
  void changed();
  // Size in bytes of the largest message so far, for whoever pools what it was parsed into.
  std::size_t largest() const { return largest_; }

 private:
  void release();
  Poll fail(Code code, std::string_view message);

  ByteInflow& body_;
  CancelScope& scope_;
  const TypeInfo* type_ = nullptr;
  void** slot_ = nullptr;
  std::size_t limit_ = 0, lent_ = 0, needed_ = 0, largest_ = 0;
  Message current_;
  Waiter* reader_ = nullptr;
};

// Writes messages into the body. The head is the business of whoever derives from it.
class FramedSink : public Sink {
 public:
  explicit FramedSink(ByteOutflow& body) : body_(body) {}
  Poll push(const Message& message) override;
  Poll room() override;
  void arm(Waiter* waiter) override { writer_ = waiter; }

  // The peer has read, or the stream is gone.
  void changed();
  // Size in bytes of the largest message so far.
  std::size_t largest() const { return largest_; }
  // The next push() is the last and ends the body with it.
  void end_with_next() { end_with_next_ = true; }

 protected:
  ~FramedSink() = default;
  // Called before the first message goes out.
  virtual void before_first() = 0;
  void reset() {
    started_ = end_with_next_ = false;
    writer_ = nullptr;
    largest_ = 0;
  }
  bool started() const { return started_; }

 private:
  ByteOutflow& body_;
  Waiter* writer_ = nullptr;
  std::size_t largest_ = 0;
  bool started_ = false, end_with_next_ = false;
};

}  // namespace pintle
