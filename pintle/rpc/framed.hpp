// Messages in a body of bytes: the length-prefixed framing of gRPC as a Source and a Sink.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <pintle/async/cancel.hpp>
#include <pintle/base/buffer.hpp>
#include <pintle/base/byte_flow.hpp>
#include <pintle/rpc/large.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/rpc/stream.hpp>
#include <pintle/wire/compression.hpp>
#include <pintle/wire/framing.hpp>

namespace pintle {

// Reads messages in place, out of the body; those that come compressed it decompresses into memory of its own. A
// framing error (a message above the limit, a bad flag, a body that ends inside a message, compressed data that are
// broken) cancels the call with the status that gRPC demands, so that the read returns it. One call, loop's thread
// only.
class FramedSource final : public Source {
 public:
  // `limit`: the largest message in bytes, both as it travels and decompressed; above it RESOURCE_EXHAUSTED.
  // Counts what comes in the call's traffic. Messages above 256 KiB are unpacked by the compute threads of its loop.
  FramedSource(ByteInflow& body, LayerCall& call) : body_(body), call_(call) {}
  FramedSource(const FramedSource&) = delete;
  // For the next call. `type` may be null; `slot` holds the parsed object.
  void reset(const TypeInfo* type, void** slot, std::size_t limit);
  // Until the next reset(): what grpc-encoding said, which is not identity. `codec` is that of the loop.
  void decompress_with(wire::Encoding encoding, wire::Codec& codec) {
    encoding_ = encoding;
    codec_ = &codec;
  }
  // The stream is gone before its regular end: what is incomplete of a message is dropped and is no framing error.
  void cut_off() { cut_off_ = true; }
  // The call is over, and the body still there: gives back what it holds of it, and drops memory that is too large to
  // be kept for the next.
  void finish() {
    if (rare_ != nullptr) [[unlikely]]
      drop_rare();
  }

  Poll poll(Message*& message) override;
  void arm(Waiter* waiter) noexcept override { reader_ = waiter; }

  // The body grew, ended or moved: wakes the reader where a poll() would not be pending.
  void changed() {
    if (lent_ != 0 || reader_ != nullptr) look();
  }
  // Bytes at the front of the body whose message was given out and is not returned.
  std::size_t lent() const { return is_taken() ? 0 : lent_; }
  // Size in bytes of the largest message so far, decompressed, for whoever pools what it was parsed into.
  std::size_t largest() const { return largest_; }
  // Bytes of memory for messages that came compressed, kept from call to call.
  std::size_t kept_memory() const { return rare_ != nullptr ? rare_->own.plain.capacity() : 0; }

 private:
  // What calls with large or compressed messages need.
  struct Rare : Waiter {  // woken when the job is over
    explicit Rare(FramedSource& of) : source(of) { fire = &unpacked; }
    Rare(const Rare&) = delete;
    ~Rare();
    void give_back();  // what is taken; nobody waits for it any more
    static void unpacked(Waiter* waiter) noexcept;
    FramedSource& source;
    LargeMessage own;                        // the message that is lent out, when it came compressed or was unpacked
    std::optional<Status> inflated;          // how that of the next message went, which is in own
    std::shared_ptr<detail::Unpacking> job;  // null: nothing is being unpacked
    std::size_t held = 0;                    // bytes of memory that the body was told of
    bool arrived = false;                    // the job's outcome
    bool was_compressed = false;
    bool taken = false;  // the bytes that are lent out are not in the body any more
  };

  void look();
  [[gnu::noinline]] void look_closer();
  void release();
  bool has_threads() const { return call_.loop().compute() != nullptr; }
  [[gnu::noinline]] bool goes_elsewhere();
  void unpack(std::size_t size, wire::Encoding encoding);
  [[gnu::noinline]] Poll take_unpacked(Message*& message);
  Rare& rare();
  void hold(std::size_t bytes);
  bool is_taken() const { return rare_ != nullptr && rare_->taken; }
  Poll lend(std::span<const std::byte> bytes, bool was_compressed, bool last, Message*& message);
  [[gnu::noinline]] Poll take_unusual(Message*& message);
  Poll decompress(std::span<const std::byte> bytes, bool last, Message*& message);
  void drop_rare();
  Poll fail(Code code, std::string_view message);

  ByteInflow& body_;
  LayerCall& call_;
  const TypeInfo* type_ = nullptr;
  void** slot_ = nullptr;
  std::size_t limit_ = 0, lent_ = 0, largest_ = 0;
  Message current_;
  bool cut_off_ = false;
  Waiter* reader_ = nullptr;
  wire::Codec* codec_ = nullptr;  // null: no message may come compressed
  wire::Encoding encoding_ = wire::Encoding::identity;
  std::unique_ptr<Rare> rare_;  // null until it is needed
};

inline constexpr std::size_t kLongMessage = 16 * 1024;  // bytes that one frame carries, whoever the peer is

// Writes messages into the body, compressed where that was asked for and makes them smaller. The head is the business
// of whoever derives from it.
class FramedSink : public Sink {
 public:
  // Counts what goes in `count`.
  FramedSink(ByteOutflow& body, TrafficCount& count) : body_(body), count_(count) {}
  Poll push(const Message& message) override;
  Poll room() noexcept override;
  void arm(Waiter* waiter) noexcept override { writer_ = waiter; }

  // The peer has read, or the stream is gone.
  void changed();
  // Size in bytes of the largest message so far, before compression.
  std::size_t largest() const { return largest_; }
  // What messages are compressed with from now on; identity: they go out as they are.
  wire::Encoding coding() const override { return codec_ != nullptr ? encoding_ : wire::Encoding::identity; }
  // Messages above so many bytes are refused: push() says end, and the body stays open. 4 GiB - 1 is what gRPC can
  // frame.
  void refuse_above(std::size_t bytes) {
    limit_ = std::min<std::size_t>(bytes, UINT32_MAX);
    long_ = std::min(limit_, kLongMessage);
  }
  std::size_t limit() const { return limit_; }
  // The next push() is the last and ends the body with it.
  void end_with_next() { end_with_next_ = true; }

 protected:
  ~FramedSink() = default;
  // Called before the first message goes out.
  virtual void before_first() = 0;
  // Until the next reset(): what grpc-encoding said, which is not identity. `codec` is that of the loop.
  void compress_with(wire::Encoding encoding, wire::Codec& codec) {
    encoding_ = encoding;
    codec_ = &codec;
  }
  void reset() {
    started_ = end_with_next_ = false;
    writer_ = nullptr;
    codec_ = nullptr;
    largest_ = 0;
  }
  bool started() const { return started_; }

 private:
  bool write_compressed(const Message& message, std::size_t size);
  [[gnu::noinline]] Poll push_long(const Message& message, std::size_t size);
  [[gnu::noinline]] Poll push_large(const Message& message, std::size_t size);
  Poll push_pieces(const Message& message, std::size_t size);
  Poll push_here(const Message& message, std::size_t size);

  ByteOutflow& body_;
  TrafficCount& count_;
  Waiter* writer_ = nullptr;
  wire::Codec* codec_ = nullptr;  // null: messages go out as they are
  std::size_t largest_ = 0, limit_ = UINT32_MAX, long_ = kLongMessage;
  wire::Encoding encoding_ = wire::Encoding::identity;
  bool started_ = false, end_with_next_ = false;
};

}  // namespace pintle
