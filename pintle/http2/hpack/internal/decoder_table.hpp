// The decoder's dynamic table (RFC 7541 section 2.3.2). An entry is one piece of memory: the field as it is handed up,
// with its meaning, its annotation and its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include <pintle/http2/header.hpp>

namespace pintle::http2::hpack {

class DecoderTable {
 public:
  struct Entry {
    HeaderField field;
    Annotation note;
    Entry* next = nullptr;
    std::uint32_t size = 0;  // as section 4.1 counts it
    std::uint32_t size_class = 0;
  };

  explicit DecoderTable(std::uint32_t max) : max_(max) {}
  DecoderTable(DecoderTable&&) = delete;
  ~DecoderTable();

  std::uint32_t count() const { return count_; }
  std::uint32_t size() const { return size_; }
  std::uint32_t max() const { return max_; }
  std::uint64_t changes() const { return changes_; }  // so far

  // The n-th newest, from 0. REQUIRES: n < count().
  Entry& at(std::uint32_t n) const { return *ring_[(newest_ - n) & mask_]; }

  // A new entry; null when it is larger than the table, which empties the table (section 4.4). `field` may view an
  // entry that is evicted by this.
  Entry* insert(const HeaderField& field);
  void clear() { evict_to(0); }
  void set_max(std::uint32_t bytes);

  // Evicted entries live until release(). With `keep` off they are gone at once.
  void keep_evicted(bool keep) { keep_ = keep; }
  void release() {
    if (graveyard_ != nullptr) [[unlikely]]
      release_all();
  }

 private:
  static constexpr unsigned kClasses = 26;

  Entry* make(std::size_t bytes);
  void recycle(Entry* e);
  void evict_to(std::uint32_t bytes);
  void grow();
  void release_all();

  std::unique_ptr<Entry*[]> ring_;
  std::uint32_t mask_ = 0, newest_ = 0, count_ = 0, size_ = 0, max_;
  bool keep_ = true;
  Entry* graveyard_ = nullptr;
  std::array<Entry*, kClasses> free_{};  // by size class, for the next entries
  std::size_t free_bytes_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace pintle::http2::hpack
