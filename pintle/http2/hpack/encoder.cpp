#include <pintle/http2/hpack/encoder.hpp>

#include <algorithm>
#include <cstring>

#include <pintle/http2/hpack/internal/block_cache.hpp>
#include <pintle/http2/hpack/internal/encoder_table.hpp>
#include <pintle/http2/hpack/internal/huffman.hpp>
#include <pintle/http2/hpack/internal/integer.hpp>

namespace pintle::http2 {
namespace {

using namespace hpack;

constexpr std::uint32_t kDefaultTableSize = 4096;  // RFC 9113 section 6.5.2: until the peer's SETTINGS say otherwise
constexpr std::size_t kEntryOverhead = 32;

// Most bytes that one field can take: two strings no longer than they are, three integers, and what Huffman coding
// may overwrite behind its end.
std::size_t field_bound(const OutField& f) { return f.name.size() + f.value.size() + 3 * kMaxIntegerBytes + 8; }

std::uint8_t* write_string(std::uint8_t* p, std::string_view text) {
  const std::size_t coded = huffman_size(text);
  if (coded < text.size()) {
    p = write_integer(p, 0x80, 0x7f, static_cast<std::uint32_t>(coded));
    return huffman_encode(text, p);
  }
  p = write_integer(p, 0, 0x7f, static_cast<std::uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

std::uint8_t* write_literal(std::uint8_t* p, std::uint8_t pattern, std::uint32_t mask, WireIndex name_index,
                            const OutField& f) {
  p = write_integer(p, pattern, mask, name_index);
  if (name_index == 0) p = write_string(p, f.name);
  return write_string(p, f.value);
}

}  // namespace

struct HpackEncoder::Impl {
  explicit Impl(std::uint32_t table_limit) : limit(table_limit), table(std::min(table_limit, kDefaultTableSize)) {
    // The peer starts from the default, so a smaller table must be told.
    if (table_limit < kDefaultTableSize) update_due = true;
  }

  void put_size_updates(Buffer& out);
  void put(const OutField& f, Buffer& out);
  void put_incremental(const OutField& f, Buffer& out);
  void put_prepared(const PreparedBlock& block, Buffer& out);

  std::uint32_t limit;
  EncoderTable table;
  bool update_due = false;
  std::uint32_t smallest = UINT32_MAX;  // that the table was since the last block
  std::uint64_t version = 1;            // of the table: changes whenever any index may have changed
  BlockCache cache;
};

void HpackEncoder::Impl::put_size_updates(Buffer& out) {
  auto* const start = reinterpret_cast<std::uint8_t*>(out.prepare(2 * kMaxIntegerBytes));
  std::uint8_t* p = start;
  if (smallest < table.max()) p = write_integer(p, 0x20, 0x1f, smallest);
  p = write_integer(p, 0x20, 0x1f, table.max());
  out.commit(static_cast<std::size_t>(p - start));
  update_due = false;
  smallest = UINT32_MAX;
}

void HpackEncoder::Impl::put_incremental(const OutField& f, Buffer& out) {
  auto* const start = reinterpret_cast<std::uint8_t*>(out.prepare(field_bound(f)));
  const FieldHash hash = hash_field(f.name, f.value);
  const WireIndex static_name = find_static_name(f.name, hash.name);
  WireIndex index = find_static_field(static_name, f.value);
  if (index == 0) index = table.find_field(f.name, f.value, hash.field);
  std::uint8_t* p;
  if (index != 0) {
    p = write_integer(start, 0x80, 0x7f, index);
  } else {
    const WireIndex name_index = static_name != 0 ? static_name : table.find_name(f.name, hash.name);
    // One entry that would push out half of the table costs more than it saves.
    if (f.name.size() + f.value.size() + kEntryOverhead > table.max() / 2) {
      p = write_literal(start, 0x00, 0x0f, name_index, f);
    } else {
      p = write_literal(start, 0x40, 0x3f, name_index, f);
      table.insert(f.name, f.value, hash);
      ++version;
    }
  }
  out.commit(static_cast<std::size_t>(p - start));
}

void HpackEncoder::Impl::put(const OutField& f, Buffer& out) {
  if (f.indexing == Indexing::incremental) return put_incremental(f, out);
  auto* const start = reinterpret_cast<std::uint8_t*>(out.prepare(field_bound(f)));
  const bool never = f.indexing == Indexing::never;
  const std::uint32_t hash = hash_name(f.name);
  WireIndex name_index = find_static_name(f.name, hash);
  const WireIndex index = never ? 0 : find_static_field(name_index, f.value);
  if (name_index == 0) name_index = table.find_name(f.name, hash);
  std::uint8_t* const p = index != 0 ? write_integer(start, 0x80, 0x7f, index)
                                     : write_literal(start, never ? 0x10 : 0x00, 0x0f, name_index, f);
  out.commit(static_cast<std::size_t>(p - start));
}

void HpackEncoder::Impl::put_prepared(const PreparedBlock& block, Buffer& out) {
  if (update_due) put_size_updates(out);
  const std::size_t start = out.size();
  const std::uint64_t before = version;
  for (const OutField& f : block.fields()) put(f, out);
  // A block that inserted is not what the next one will be.
  if (version == before) cache.keep(block.id(), version, out.bytes().subspan(start));
}

PreparedBlock::PreparedBlock(std::uint32_t id, std::vector<std::pair<std::string, std::string>> fields)
    : id_(id), storage_(std::move(fields)) {
  fields_.reserve(storage_.size());
  for (const auto& [name, value] : storage_) fields_.push_back({name, value, Indexing::incremental});
}

HpackEncoder::HpackEncoder(std::uint32_t table_limit) : impl_(std::make_unique<Impl>(table_limit)) {}
HpackEncoder::~HpackEncoder() = default;

void HpackEncoder::encode(const PreparedBlock& block, std::span<const OutField> more, Buffer& out) {
  // What changes the table's size changes the version too, so a block that is found has no size update before it.
  const BlockCache::Slot* const kept = impl_->cache.find(block.id(), impl_->version);
  if (kept != nullptr && kept->size <= BlockCache::kInline) [[likely]] {
    std::memcpy(out.prepare(BlockCache::kInline), kept->bytes, BlockCache::kInline);
    out.commit(kept->size);
  } else if (kept != nullptr) {
    out.append(kept->more.get(), kept->size);
  } else {
    impl_->put_prepared(block, out);
  }
  for (const OutField& f : more) impl_->put(f, out);
}

void HpackEncoder::encode(std::span<const OutField> fields, Buffer& out) {
  Impl& self = *impl_;
  if (self.update_due) [[unlikely]]
    self.put_size_updates(out);
  for (const OutField& f : fields) self.put(f, out);
}

void HpackEncoder::set_peer_table_size(std::uint32_t bytes) {
  Impl& self = *impl_;
  const std::uint32_t wanted = std::min(bytes, self.limit);
  if (wanted == self.table.max()) return;
  self.table.set_max(wanted);
  self.smallest = std::min(self.smallest, wanted);
  self.update_due = true;
  ++self.version;
}

std::uint64_t HpackEncoder::insertions() const { return impl_->table.insertions(); }

}  // namespace pintle::http2
