// Lines on their way to a descriptor that may be slow, stuck or full: who has one to write never waits for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <pintle/base/clock.hpp>

namespace pintle {

// Each thread puts its lines into a bounded ring (the 17th thread shares the first one's); one thread of the writer's
// own takes them out and does what can block. A line that finds its ring full is dropped and counted; how many were is
// said as soon as something can be written again. Lines come out whole, those of one thread in their order, and one
// that was written because of another behind that one.
class LineWriter {
 public:
  // Appends the line that says how many were dropped, line break included. Called on the writer's thread.
  using SayDropped = std::function<void(std::uint64_t lines, std::string& out)>;

  // What a ring holds, of lines and of their bytes.
  static constexpr std::size_t kRingLines = 1024;
  static constexpr std::size_t kRingBytes = 512 * 1024;

  // `fd` stays the caller's; it may be blocking or not. What it refuses for good (EPIPE, EBADF, ENOSPC) is lost.
  // std::system_error when there is no thread to be had.
  explicit LineWriter(int fd, SayDropped say_dropped = {});
  LineWriter(const LineWriter&) = delete;
  // flush() for a second, then gives up: what is left is lost, and a write that is stuck in the kernel stays there.
  ~LineWriter();

  // One line, line break included. Any thread; takes no lock and makes no system call but, when the writer sleeps, the
  // one that wakes it. False: it was dropped.
  bool write(std::string_view line) noexcept;
  // Waits until all that this thread wrote, or knows of, has left; false when that takes longer than `limit`.
  bool flush(Duration limit) noexcept;
  // Since the beginning.
  std::uint64_t dropped() const noexcept;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with the thread, which may be stuck when this is destroyed
};

}  // namespace pintle
