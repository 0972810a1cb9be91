#include <pintle/http2/hpack/internal/decoder_table.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace pintle::http2::hpack {
namespace {

constexpr std::uint32_t kEntryOverhead = 32;  // RFC 7541 section 4.1
constexpr std::size_t kSmallestClass = 128;
constexpr std::size_t class_bytes(std::uint32_t size_class) { return kSmallestClass << size_class; }

}  // namespace

DecoderTable::~DecoderTable() {
  keep_ = false;
  clear();
  release();
  for (Entry* e : free_) {
    while (e != nullptr) ::operator delete(std::exchange(e, e->next));
  }
}

DecoderTable::Entry* DecoderTable::make(std::size_t bytes) {
  const std::size_t total = sizeof(Entry) + bytes;
  const auto size_class = static_cast<std::uint32_t>(std::bit_width((total - 1) / kSmallestClass));
  void* memory;
  if (Entry*& head = free_[size_class]; head != nullptr) {
    free_bytes_ -= class_bytes(size_class);
    memory = std::exchange(head, head->next);
  } else {
    memory = ::operator new(class_bytes(size_class));
  }
  auto* e = new (memory) Entry;
  e->size_class = size_class;
  return e;
}

void DecoderTable::recycle(Entry* e) {
  const std::size_t bytes = class_bytes(e->size_class);
  if (free_bytes_ + bytes > max_) {
    ::operator delete(e);
    return;
  }
  free_bytes_ += bytes;
  e->next = free_[e->size_class];
  free_[e->size_class] = e;
}

void DecoderTable::release_all() {
  while (graveyard_ != nullptr) recycle(std::exchange(graveyard_, graveyard_->next));
}

void DecoderTable::evict_to(std::uint32_t bytes) {
  ++changes_;
  while (size_ > bytes) {
    Entry* oldest = &at(--count_);
    size_ -= oldest->size;
    if (keep_) {
      oldest->next = graveyard_;
      graveyard_ = oldest;
    } else {
      recycle(oldest);
    }
  }
}

void DecoderTable::set_max(std::uint32_t bytes) {
  max_ = bytes;
  evict_to(bytes);
}

void DecoderTable::grow() {
  const std::uint32_t slots = ring_ ? (mask_ + 1) * 2 : 16;
  auto ring = std::make_unique<Entry*[]>(slots);
  for (std::uint32_t n = 0; n < count_; ++n) ring[count_ - 1 - n] = &at(n);
  ring_ = std::move(ring);
  mask_ = slots - 1;
  newest_ = count_ - 1;
}

DecoderTable::Entry* DecoderTable::insert(const HeaderField& field) {
  const std::size_t bytes = field.name.size() + field.value.size();
  if (bytes + kEntryOverhead > max_) {
    clear();
    return nullptr;
  }
  if (!ring_ || count_ == mask_ + 1) grow();
  Entry* e = make(bytes);  // nothing below throws
  e->size = static_cast<std::uint32_t>(bytes) + kEntryOverhead;
  char* const name = reinterpret_cast<char*>(e + 1);
  char* const value = name + field.name.size();
  if (!field.name.empty()) std::memcpy(name, field.name.data(), field.name.size());
  if (!field.value.empty()) std::memcpy(value, field.value.data(), field.value.size());
  e->field = field;
  e->field.name = {name, field.name.size()};
  e->field.value = {value, field.value.size()};
  e->field.never_indexed = false;
  e->field.annotation = &e->note;

  evict_to(max_ - e->size);
  ++newest_;
  ++count_;
  size_ += e->size;
  ring_[newest_ & mask_] = e;
  return e;
}

}  // namespace pintle::http2::hpack
