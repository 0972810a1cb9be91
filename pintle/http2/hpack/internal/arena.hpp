// Memory for the strings of one block: handed out in order, given back all at once, kept for the next block.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace pintle::http2::hpack {

// Pointers stay valid until reset(), or until a rewind() to a mark taken before them.
class Arena {
 public:
  struct Mark {
    std::size_t chunk = 0, used = 0;
  };

  // Room for `n` bytes; commit() says how many of them were used. REQUIRES: commit(m) with m <= n before the next.
  char* reserve(std::size_t n) {
    if (at_.chunk < chunks_.size() && chunks_[at_.chunk].size - at_.used >= n) [[likely]] {
      return chunks_[at_.chunk].bytes.get() + at_.used;
    }
    return next_chunk(n);
  }
  void commit(std::size_t n) { at_.used += n; }

  Mark mark() const { return at_; }
  void rewind(Mark to) { at_ = to; }
  // Keeps at most kKept bytes of memory.
  void reset() {
    at_ = {};
    if (chunks_.size() > 1) [[unlikely]]
      trim();
  }

 private:
  static constexpr std::size_t kFirst = 512, kKept = 16 * 1024;
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  char* next_chunk(std::size_t n);
  void trim();

  std::vector<Chunk> chunks_;
  Mark at_;
};

}  // namespace pintle::http2::hpack
