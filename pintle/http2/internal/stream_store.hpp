// Where a session's streams live: a slab whose records never move, and a table from id to record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <pintle/http2/internal/stream.hpp>

namespace pintle::http2 {

// A record is taken with open(), leaves the table with retire(), and is free for the next stream after release(): in
// between it is no longer found, but whoever holds a pointer may still read it. Ids are never used twice, so a pointer
// that was kept together with the id is known to be stale when the record's id differs.
class StreamStore {
 public:
  StreamStore();

  StreamRecord* find(StreamId id) const {
    StreamRecord* record = buckets_[bucket_of(id)];
    while (record != nullptr && record->id() != id) record = record->link;
    return record;
  }
  // REQUIRES: no stream of that id is open; ids of one session all have the same parity.
  StreamRecord& open(StreamId id, std::uint32_t send_window, std::uint32_t receive_window);
  void retire(StreamRecord& record);
  void release(StreamRecord& record);

  // Bytes in the queues of all records.
  std::size_t queued = 0;
  // What the queues of all records take, what they keep for later included.
  std::size_t queue_memory = 0;
  // Of an empty queue, memory above `keep` bytes.
  void shrink(StreamRecord& record, std::size_t keep) {
    queue_memory -= record.queue.capacity();
    record.queue.shrink(keep);
    queue_memory += record.queue.capacity();
  }
  // Gives back what empty queues keep.
  void trim();

  // Streams in the table.
  std::size_t size() const { return size_; }
  // Calls `f` for every stream in the table. `f` may retire and release any of them and open others; whether those are
  // visited is open.
  template <class F>
  void for_each(F f) {
    for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {  // NOLINT(modernize-loop-convert): `f` may add some
      for (std::size_t i = 0; i < kChunk; ++i) {
        StreamRecord& record = chunks_[chunk][i];
        if (record.id() != 0 && !record.closed()) f(record);
      }
    }
  }

 private:
  static constexpr std::size_t kChunk = 16;
  static constexpr std::size_t kKeptQueue = 4096;  // bytes of queue memory that a free record may hold on to

  // Ids follow each other in steps of two, so a bucket seldom holds more than one.
  std::size_t bucket_of(StreamId id) const { return (id >> 1) & mask_; }
  void put(StreamRecord& record) {
    StreamRecord*& bucket = buckets_[bucket_of(record.id())];
    record.link = bucket;
    bucket = &record;
  }
  void grow_table();
  void add_chunk();

  std::vector<std::unique_ptr<StreamRecord[]>> chunks_;
  StreamRecord* spare_ = nullptr;
  std::vector<StreamRecord*> buckets_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace pintle::http2
