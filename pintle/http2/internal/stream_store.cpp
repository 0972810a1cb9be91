#include <pintle/http2/internal/stream_store.hpp>

namespace pintle::http2 {

StreamStore::StreamStore() : table_(32), mask_(31) {}

StreamRecord& StreamStore::open(StreamId id, std::uint32_t send_window, std::uint32_t receive_window) {
  if (spare_ == nullptr) add_chunk();
  if ((size_ + 1) * 2 > table_.size()) grow_table();
  StreamRecord& record = *spare_;
  spare_ = record.next_spare;
  record.next_spare = nullptr;
  record.start(id, send_window, receive_window);
  std::size_t at = slot_of(id);
  while (table_[at].id != 0) at = (at + 1) & mask_;
  table_[at] = {id, &record};
  ++size_;
  return record;
}

void StreamStore::retire(StreamRecord& record) {
  std::size_t hole = slot_of(record.id());
  while (table_[hole].id != record.id()) hole = (hole + 1) & mask_;
  // Entries that were pushed past the hole move back into it, so that a search may stop at the first gap.
  for (std::size_t at = (hole + 1) & mask_; table_[at].id != 0; at = (at + 1) & mask_) {
    const std::size_t home = slot_of(table_[at].id);
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      table_[hole] = table_[at];
      hole = at;
    }
  }
  table_[hole] = {};
  --size_;
}

void StreamStore::release(StreamRecord& record) {
  record.forget();
  record.queue.clear();
  record.queue.shrink(kKeptQueue);
  record.trailers.reset();
  record.next_spare = spare_;
  spare_ = &record;
}

void StreamStore::grow_table() {
  std::vector<Entry> old(table_.size() * 2);
  old.swap(table_);
  mask_ = table_.size() - 1;
  for (const Entry& entry : old) {
    if (entry.id == 0) continue;
    std::size_t at = slot_of(entry.id);
    while (table_[at].id != 0) at = (at + 1) & mask_;
    table_[at] = entry;
  }
}

void StreamStore::add_chunk() {
  chunks_.push_back(std::make_unique<StreamRecord[]>(kChunk));
  for (std::size_t i = kChunk; i-- > 0;) {
    chunks_.back()[i].next_spare = spare_;
    spare_ = &chunks_.back()[i];
  }
}

}  // namespace pintle::http2
