// Two ByteStreams joined in memory: a connection that a test can narrow, chop up, stall and break.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <pintle/async/loop.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle::testing {

// What one direction lets through.
struct MemoryPipeOptions {
  MemoryPipeOptions() = default;
  std::size_t capacity = 256 * 1024;  // bytes written and not yet read; a full pipe says would_block
  std::size_t chunk = SIZE_MAX;       // at most so many bytes per read(): splits what was written anywhere
};

// The two ends, `a` and `b`, may live on one loop, on two loops of a TestLoop (everything repeats exactly) or on two
// threads. Each end is used by its loop's thread, all functions of the pair by any.
class MemoryPair {
 public:
  MemoryPair(Loop& a, Loop& b, MemoryPipeOptions options = {});

  // Each may be taken once; a stream that is not taken stays open as long as the pair lives.
  std::unique_ptr<net::ByteStream> take_a();
  std::unique_ptr<net::ByteStream> take_b();

  enum class Direction : std::uint8_t { a_to_b, b_to_a };
  void set_capacity(Direction d, std::size_t bytes);
  void set_chunk(Direction d, std::size_t bytes);
  // A stalled direction takes bytes up to its capacity and delivers none.
  void set_stalled(Direction d, bool stalled);
  // Breaks the connection for both ends: reads and writes fail, as after a TCP reset. What was not read is lost.
  void reset(std::string why = "connection reset by the test");

  std::size_t in_flight(Direction d) const;  // bytes written and not yet read
  std::uint64_t bytes_written(Direction d) const;
  std::uint64_t writes(Direction d) const;  // write() calls that moved bytes
  bool open_a() const;                      // false once the stream was destroyed
  bool open_b() const;

 private:
  class Core;
  class End;
  std::shared_ptr<Core> core_;
  std::unique_ptr<net::ByteStream> a_, b_;
};

}  // namespace pintle::testing
