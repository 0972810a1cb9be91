#include <pintle/http2/hpack/internal/arena.hpp>

#include <algorithm>

namespace pintle::http2::hpack {

char* Arena::next_chunk(std::size_t n) {
  if (!chunks_.empty()) ++at_.chunk;
  at_.used = 0;
  while (at_.chunk < chunks_.size() && chunks_[at_.chunk].size < n) ++at_.chunk;
  if (at_.chunk == chunks_.size()) {
    const std::size_t size = std::max(kFirst << std::min<std::size_t>(chunks_.size(), 3), n);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  }
  return chunks_[at_.chunk].bytes.get();
}

void Arena::trim() {
  std::size_t kept = 0;
  std::erase_if(chunks_, [&kept](const Chunk& c) {
    if (kept + c.size > kKept) return true;
    kept += c.size;
    return false;
  });
}

}  // namespace pintle::http2::hpack
