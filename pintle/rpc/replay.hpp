// The requests of a call, kept so that several attempts can send them: for retries and hedging (gRFC A6).
#pragma once

#include <cstddef>
#include <cstdint>

#include <pintle/base/buffer.hpp>
#include <pintle/rpc/layer_call.hpp>

namespace pintle {

// How many bytes of requests may be kept, encoded, each with a record of 8 bytes.
struct ReplayLimits {
  ReplayLimits() = default;
  std::size_t per_call = 256 * 1024;
  std::size_t per_loop = 16 * 1024 * 1024;  // of all calls that share an account
};

// What the calls of one loop keep, in bytes: a channel's limit, split by loops so that no call touches another loop's
// memory. A layer has a PerLoop<ReplayAccount>.
struct ReplayAccount {
  std::size_t held = 0;
};

// Between a call's source and its attempts. It alone reads the source; every attempt has a Reader, which gives the
// requests from the first on and then follows the source, however far the others are. Nothing is copied when the first
// message is known to be the last (a unary call): each attempt is given that message.
//
// A message that would break a limit commits the call to the attempt that asked for it, and nothing is kept from then
// on. Loop's thread only; must outlive its readers and be gone before the call is.
class Replay {
 public:
  // From now on nobody else polls `call.source`.
  Replay(LayerCall& call, const ReplayLimits& limits, ReplayAccount& account);
  Replay(const Replay&) = delete;
  ~Replay();

  // The requests of one attempt; goes before the attempt does. The end of the source, its failure and what it throws
  // reach every reader: the end as the end, the rest as the status of the call's scope, which is above the attempt's.
  class Reader final : public Source {
   public:
    // Becomes the attempt's source. After commit() it is too late: such an attempt is cancelled at once.
    Reader(Replay& replay, LayerCall& attempt);
    Reader(const Reader&) = delete;
    ~Reader();
    Poll poll(Message*& message) override { return replay_.poll(*this, message); }
    void arm(Waiter* waiter) noexcept override { replay_.arm(*this, waiter); }

   private:
    friend class Replay;
    Replay& replay_;
    LayerCall& attempt_;
    MessageSlot slot_;
    Message current_;
    std::uint64_t at_ = 0;  // the next unread record, counted from the first of the call
    std::size_t lent_ = 0;  // bytes of the record before it that the last poll() lent
    bool superseded_ = false;
    Waiter* waiter_ = nullptr;
    Reader* next_ = nullptr;
  };

  // The call is this reader's: the others' attempts are cancelled as superseded, and what it has passed is freed.
  void commit(Reader& reader);
  // No other attempt can begin: commit() was called, or a limit was reached.
  bool committed() const { return committed_; }
  // Bytes that are kept now.
  std::size_t held() const { return bytes_.size(); }

 private:
  // Before each message in `bytes_`.
  struct Record {
    std::uint64_t size : 62, compressible : 1, was_compressed : 1;
  };
  struct Arrived : Waiter {
    explicit Arrived(Replay& r)
        : Waiter{[](Waiter* w) noexcept { static_cast<Arrived*>(w)->replay.wake_readers(); }}, replay(r) {}
    Replay& replay;
  };

  Poll poll(Reader& reader, Message*& message);
  void arm(Reader& reader, Waiter* waiter) noexcept;
  Poll pull(Reader& reader, Message*& message);
  Poll lend(Reader& reader, Message*& message);
  bool keep(const Message& message);
  void supersede(Reader& reader);
  void free_passed();
  void wake_readers() noexcept;
  void follow_source() noexcept;
  std::uint64_t end() const { return begin_ + bytes_.size(); }

  LayerCall& call_;
  Source& source_;
  const TypeInfo* const type_;
  const ReplayLimits limits_;
  ReplayAccount& account_;
  Buffer bytes_;             // records
  std::uint64_t begin_ = 0;  // where in all records of the call `bytes_` begins
  Message* only_ = nullptr;  // the source's own, when its first is its last
  bool ended_ = false, committed_ = false;
  Reader* readers_ = nullptr;
  Arrived arrived_{*this};
};

}  // namespace pintle
