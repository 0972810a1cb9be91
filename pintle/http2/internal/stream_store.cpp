#include <pintle/http2/internal/stream_store.hpp>

namespace pintle::http2 {

StreamStore::StreamStore() : buckets_(32), mask_(31) {}

StreamRecord& StreamStore::open(StreamId id, std::uint32_t send_window, std::uint32_t receive_window) {
  if (spare_ == nullptr) add_chunk();
  if ((size_ + 1) * 2 > buckets_.size()) grow_table();
  StreamRecord& record = *spare_;
  spare_ = record.link;
  record.start(id, send_window, receive_window);
  put(record);
  ++size_;
  return record;
}

void StreamStore::retire(StreamRecord& record) {
  StreamRecord** at = &buckets_[bucket_of(record.id())];
  while (*at != &record) at = &(*at)->link;
  *at = record.link;
  --size_;
}

void StreamStore::release(StreamRecord& record) {
  record.forget();
  queued -= record.queue.size();
  record.queue.clear();
  shrink(record, kKeptQueue);
  record.trailers.reset();
  record.link = spare_;
  spare_ = &record;
}

void StreamStore::trim() {
  for (const auto& chunk : chunks_)
    for (std::size_t i = 0; i < kChunk; ++i) shrink(chunk[i], 0);
}

void StreamStore::grow_table() {
  std::vector<StreamRecord*> old(buckets_.size() * 2);
  old.swap(buckets_);
  mask_ = buckets_.size() - 1;
  for (StreamRecord* record : old) {
    while (record != nullptr) put(*std::exchange(record, record->link));
  }
}

void StreamStore::add_chunk() {
  chunks_.push_back(std::make_unique<StreamRecord[]>(kChunk));
  for (std::size_t i = kChunk; i-- > 0;) {
    chunks_.back()[i].link = spare_;
    spare_ = &chunks_.back()[i];
  }
}

}  // namespace pintle::http2
