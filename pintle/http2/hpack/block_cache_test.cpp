#include <pintle/http2/hpack/internal/block_cache.hpp>

#include <string>

#include <gtest/gtest.h>

namespace pintle::http2::hpack {
namespace {

std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s)); }

std::string found(const BlockCache& cache, std::uint32_t id, std::uint64_t version) {
  const BlockCache::Slot* s = cache.find(id, version);
  if (s == nullptr) return "nothing";
  const std::byte* at = s->size <= BlockCache::kInline ? s->bytes : s->more.get();
  return {reinterpret_cast<const char*>(at), s->size};
}

TEST(BlockCache, FindsABlockUnderItsVersionOnly) {
  BlockCache cache;
  EXPECT_EQ(found(cache, 0, 1), "nothing");
  cache.keep(7, 3, bytes_of("seven"));
  EXPECT_EQ(found(cache, 7, 3), "seven");
  EXPECT_EQ(found(cache, 7, 4), "nothing");
  EXPECT_EQ(found(cache, 3, 3), "nothing");
  cache.keep(7, 4, bytes_of("seven again, and longer than the slot"));
  EXPECT_EQ(found(cache, 7, 4), "seven again, and longer than the slot");
  EXPECT_EQ(found(cache, 7, 3), "nothing");
}

TEST(BlockCache, GrowsForIdsThatCollide) {
  BlockCache cache;
  for (std::uint32_t id = 0; id < 256; ++id) cache.keep(id, 1, bytes_of(std::to_string(id)));
  for (std::uint32_t id = 0; id < 256; ++id) EXPECT_EQ(found(cache, id, 1), std::to_string(id));
  cache.keep(256, 1, bytes_of("256"));
  EXPECT_EQ(found(cache, 256, 1), "256");
  EXPECT_EQ(found(cache, 0, 1), "nothing");
}

TEST(BlockCache, KeepsNoLongBlocks) {
  BlockCache cache;
  cache.keep(1, 1, bytes_of(std::string(1024, 'x')));
  EXPECT_EQ(found(cache, 1, 1).size(), 1024U);
  cache.keep(2, 1, bytes_of(std::string(1025, 'x')));
  EXPECT_EQ(found(cache, 2, 1), "nothing");
}

}  // namespace
}  // namespace pintle::http2::hpack
