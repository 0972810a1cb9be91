// One request and its response on one stream, from either side, without a word of HTTP/2 framing: heads, bodies,
// trailers, reset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <pintle/base/buffer.hpp>
#include <pintle/base/byte_flow.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/http2/error.hpp>
#include <pintle/http2/session.hpp>
#include <pintle/transport/headers.hpp>

namespace pintle::transport {

class Connection;
using http2::ErrorCode;
using http2::Initiator;

// Whether a stream's waiting bytes move at all.
struct Progress {
  static constexpr std::uint32_t kStep = 16 * 1024;
  // `moved`: bytes so far, modulo 2^32.
  void begin(TimePoint now, std::uint32_t bytes_moved) {
    since = now;
    moved = bytes_moved;
  }
  // Since when it waits: a step begins it anew.
  TimePoint look(TimePoint now, std::uint32_t bytes_moved) {
    if (bytes_moved - moved >= kStep) begin(now, bytes_moved);
    return since;
  }
  TimePoint since;
  std::uint32_t moved = 0;
};

// What happens on an exchange. Called inside the connection's reading: take note, wake, but resume nobody.
class Receiver {
 public:
  // Server: the batch of bytes that brought the request has been read; its body, as far as it came, is at hand. It
  // comes once for every accepted request, also for one whose stream was reset while it waited for its turn.
  virtual void on_start() = 0;
  // Server: max_running handlers are busy, so on_start() comes later.
  virtual void on_wait() {}
  // Client: the response's head. The views are valid during the call only.
  virtual void on_head(const Headers& fields, bool end) = 0;
  // The body grew, ended or moved in memory.
  virtual void on_body() = 0;
  // Ends the body; on_body() follows.
  virtual void on_trailers(const Headers& fields) = 0;
  // The stream ended before its time. Nothing can be sent or comes any more; on_body() follows.
  virtual void on_reset(ErrorCode code, Initiator by) = 0;
  virtual void on_writable() = 0;
  // There is no memory for it (MemoryGuard): the call ends with RESOURCE_EXHAUSTED. When bytes waited for the peer its
  // stream was reset already; else an answer can still be given. Returns how many bytes at the front of the body are in
  // use; the others are dropped, and on_body() follows.
  virtual std::size_t on_shed() = 0;

 protected:
  ~Receiver() = default;
};

// Lives in its user's own object, which may outlive stream and connection: then sends go nowhere and the body has
// ended. Loop's thread only. From the moment it is attached until finish() it must stay where it is.
class Exchange final : public ByteInflow, public ByteOutflow {
 public:
  explicit Exchange(Receiver& receiver) : receiver_(receiver) {}
  Exchange(const Exchange&) = delete;
  ~Exchange() {
    if (connection_ != nullptr || !kept_.empty()) finish();
  }

  // -- What comes ---------------------------------------------------------------------------------------------------
  void consume(std::size_t n) override;
  Buffer take(std::size_t n) override;
  void give_back(std::size_t n) override;
  void hold(std::size_t n) override;
  void let_go(std::size_t n) override;
  void expect(std::size_t total) override;

  // -- What goes ----------------------------------------------------------------------------------------------------
  // Server: the response's head; `end` when that is all (Trailers-Only).
  void send_head(const PreparedBlock& head, std::span<const OutField> more, bool end);
  std::byte* write_body(std::size_t n, bool end) override;
  std::span<std::byte> write_piece(std::size_t left, bool end) override;
  bool write_body(Buffer&& bytes, bool end) override;
  bool body_writable() const override;
  bool body_open() const override { return stream_ != nullptr && !sent_end_; }
  // Ends our side without more bytes.
  void end_body();
  void send_trailers(const PreparedBlock& block, std::span<const OutField> more);
  // Ends the stream at once; nothing more comes.
  void reset(ErrorCode code);

  // The user is done with it: what the stream still holds goes out without it, what still comes is dropped. When the
  // peer has not taken the rest by `deadline`, the stream is reset (CANCEL); where that is infinite
  // ConnectionOptions::linger_timeout rules. Idempotent.
  void finish(Deadline deadline = {});
  // Server, inside on_wait() and while it waits for its turn: the answer was given all the same. on_start() follows at
  // the end of the turn, and the exchange counts as no running handler.
  void give_up_turn();

  bool attached() const { return stream_ != nullptr; }
  // Client: the transport has taken a byte of the request's head. Stays true.
  bool left() const;
  // Memory in bytes that it keeps for the next request.
  std::size_t kept_memory() const { return kept_.capacity(); }
  // Null once the connection or the stream is gone.
  Connection* connection() const { return connection_; }

 private:
  friend class Connection;
  void attach(Connection& connection, http2::Stream& stream, bool ended);
  void append(std::span<const std::byte> data);  // body bytes that came
  void settle();                                 // in-place bytes become our own
  void keep(std::span<const std::byte> data);    // in memory of our own
  void keep_only(std::size_t n);                 // of those, the first
  void charge(std::size_t bytes);                // for what is kept
  void discharge(std::size_t bytes);
  void credit(std::size_t n);  // the peer may send so much more
  bool make_room();
  [[gnu::noinline]] std::byte* queue_body(std::size_t n, bool end);
  bool waits() const;  // bytes of it wait, here or in the stream's queue
  std::uint32_t moved() const;
  void began_to_wait();
  void detach();  // the stream is gone
  void orphan();  // the connection is gone
  void leave(Connection& connection, Deadline deadline) noexcept;
  void leave_stream(Connection& connection, Deadline deadline);

  Receiver& receiver_;
  Connection* connection_ = nullptr;
  http2::Stream* stream_ = nullptr;
  Buffer kept_;                      // the body, unless that lies in place
  MemoryAccount* memory_ = nullptr;  // of its last connection, where kept_ is charged when that is gone
  Progress progress_;                // since it waits()
  std::uint32_t consumed_ = 0;       // bytes of kept_, for progress_
  std::size_t credited_ = 0;         // bytes of the body whose window was given back ahead of consume()
  std::size_t expected_ = 0;
  std::size_t taken_ = 0;                      // bytes that the reader has and gives back, charged as those of kept_
  std::uint64_t opened_at_ = 0;                // where in all that the connection wrote the request's head begins
  std::size_t slot_ = 0, unsettled_slot_ = 0;  // in the connection's lists
  bool in_place_ = false;                      // the body lies in the connection's read buffer, and kept_ is empty
  bool sent_end_ = false, unsettled_ = false, left_ = false;
  // Server: in the batch that is being started; accepted but above the limit; counted as a running handler.
  bool accepted_ = false, waiting_ = false, running_ = false;
};

}  // namespace pintle::transport
