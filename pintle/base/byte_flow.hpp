// The two directions of a stream's body, as the room that frames messages sees them: whoever carries the bytes
// implements these, whoever frames them uses them, and neither knows the other.
#pragma once

#include <cstddef>
#include <span>

#include <pintle/base/buffer.hpp>

namespace pintle {

// Bytes that came. One reader; loop's thread only.
class ByteInflow {
 public:
  // All that came and was not consumed, in one piece. Moves whenever control goes back to the loop.
  std::span<const std::byte> body() const { return body_; }
  // No more will come: the peer ended its side, or the stream is gone.
  bool body_ended() const { return ended_; }
  // Done with the first `n` bytes: the peer may send as many more. REQUIRES: n <= body().size().
  virtual void consume(std::size_t n) = 0;
  // The first `n` bytes in a buffer of their own, for somebody on another thread. They are not in body() any more, but
  // the peer may send as many more only after give_back(n), which must come before the stream is let go of. One such
  // piece at a time. REQUIRES: n <= body().size().
  virtual Buffer take(std::size_t n) = 0;
  virtual void give_back(std::size_t n) = 0;
  // The reader keeps `n` bytes more (fewer) of memory for what it has read, which count as the body's do. It keeps none
  // when the stream is let go of.
  virtual void hold(std::size_t n) = 0;
  virtual void let_go(std::size_t n) = 0;
  // The reader can't go on before `total` bytes are there: the peer is allowed that many, window or not.
  virtual void expect(std::size_t total) = 0;

 protected:
  ~ByteInflow() = default;

  // Looked at several times a message, so it is no virtual function: whoever carries the bytes keeps it up to date.
  std::span<const std::byte> body_;
  bool ended_ = true;
};

// Bytes that go. One writer; loop's thread only.
class ByteOutflow {
 public:
  // Room for the next `n` bytes of the body: fill it before any other call. Null: nobody takes them any more.
  virtual std::byte* write_body(std::size_t n, bool end) = 0;
  // The same for many bytes, piece by piece, so that they can be written where they leave from: room for some of the
  // `left` bytes that the body gets next, at most all. Nothing else may be written before all have been asked for;
  // `end` is that of the last. Empty: nobody takes them any more. REQUIRES: left > 0.
  virtual std::span<std::byte> write_piece(std::size_t left, bool end) = 0;
  // write_body() for bytes that lie in a buffer already, which is taken where that saves a copy. False: nobody takes
  // them.
  virtual bool write_body(Buffer&& bytes, bool end) = 0;
  // False: the peer reads too slowly; wait until it is true before writing more. True when nobody takes any more.
  virtual bool body_writable() const = 0;
  virtual bool body_open() const = 0;

 protected:
  ~ByteOutflow() = default;
};

}  // namespace pintle
