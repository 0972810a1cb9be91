#include <pintle/http2/hpack/decoder.hpp>

#include <algorithm>
#include <cstring>

#include <pintle/http2/hpack/internal/arena.hpp>
#include <pintle/http2/hpack/internal/decoder_table.hpp>
#include <pintle/http2/hpack/internal/field_rules.hpp>
#include <pintle/http2/hpack/internal/huffman.hpp>
#include <pintle/http2/hpack/internal/integer.hpp>
#include <pintle/http2/hpack/internal/static_table.hpp>

namespace pintle::http2 {
namespace {

using namespace hpack;

constexpr std::uint32_t kDefaultTableSize = 4096;  // what a peer assumes before it has seen our SETTINGS
constexpr std::uint32_t kFieldOverhead = 32;       // RFC 7541 section 4.1, RFC 9113 section 6.5.2

// A string literal as it stands in the block.
struct Literal {
  const std::uint8_t* coded = nullptr;
  std::uint32_t size = 0;
  bool huffman = false;

  std::size_t bound() const { return huffman ? huffman_decoded_bound(size) : size; }
  std::optional<std::size_t> decoded_size() const {
    return huffman ? huffman_decoded_size(coded, size) : std::optional<std::size_t>(size);
  }
};

std::size_t listed_size(const HeaderField& f) { return f.name.size() + f.value.size() + kFieldOverhead; }

bool read_literal(const std::uint8_t*& p, const std::uint8_t* end, Literal& s) {
  if (p == end) return false;
  s.huffman = (*p & 0x80) != 0;
  if (!read_integer(p, end, 0x7f, s.size)) return false;
  if (s.size > static_cast<std::size_t>(end - p)) return false;
  s.coded = p;
  p += s.size;
  return true;
}

}  // namespace

struct HpackDecoder::Impl {
  explicit Impl(std::uint32_t table_size)
      : announced(table_size), table(std::min(table_size, kDefaultTableSize)), smallest(table.max()) {}

  // The part of a decode() that lasts as long as the block.
  struct Block {
    const std::uint8_t* p;
    const std::uint8_t* end;
    std::size_t size_left;  // of the limits
    std::size_t fields_left;
    HeaderList& out;
    std::size_t out_start = 0;  // the block's first field
    bool over = false;
  };

  bool size_updates(Block& b);
  bool indexed(Block& b);
  void add(Block& b, const HeaderField& field);
  void indexed_run(Block& b) const;
  DecodeOutcome rest(Block& b);
  bool literal(Block& b, std::uint32_t mask, Indexing indexing);
  const HeaderField* find(std::uint32_t index);
  std::optional<std::string_view> keep(const Literal& s);
  void go_over(Block& b);

  std::uint32_t announced;
  std::uint64_t announcements = 0;
  DecoderTable table;
  std::uint32_t smallest;  // announced since the last block; below the table's size, a size update is due
  Arena arena;
};

const HeaderField* HpackDecoder::Impl::find(std::uint32_t index) {
  if (index <= kStaticEntries) return index == 0 ? nullptr : &kStaticTable[index];
  const std::uint32_t n = index - kStaticEntries - 1;
  return n < table.count() ? &table.at(n).field : nullptr;
}

std::optional<std::string_view> HpackDecoder::Impl::keep(const Literal& s) {
  char* const at = arena.reserve(s.bound());
  std::size_t n = s.size;
  if (s.huffman) {
    const auto decoded = huffman_decode(s.coded, s.size, at);
    if (!decoded) return std::nullopt;
    n = *decoded;
  } else if (n != 0) {
    std::memcpy(at, s.coded, n);
  }
  arena.commit(n);
  return std::string_view(at, n);
}

// From here on only the table matters, so everything that the fields needed is given back.
void HpackDecoder::Impl::go_over(Block& b) {
  if (b.over) return;
  b.over = true;
  b.out.erase(b.out.begin() + static_cast<std::ptrdiff_t>(b.out_start), b.out.end());
  arena.reset();
  table.keep_evicted(false);
  table.release();
}

bool HpackDecoder::Impl::size_updates(Block& b) {
  bool due = smallest < table.max();
  for (int n = 0; b.p != b.end && (*b.p & 0xe0) == 0x20; ++n) {
    std::uint32_t size;
    if (n == 2 || !read_integer(b.p, b.end, 0x1f, size) || size > announced) return false;
    if (due && size > smallest) return false;
    due = false;
    table.set_max(size);
  }
  return !due;
}

bool HpackDecoder::Impl::literal(Block& b, std::uint32_t mask, Indexing indexing) {
  std::uint32_t index;
  if (!read_integer(b.p, b.end, mask, index)) return false;
  const HeaderField* known = nullptr;
  Literal name, value;
  if (index != 0) {
    known = find(index);
    if (known == nullptr) return false;
  } else if (!read_literal(b.p, b.end, name)) {
    return false;
  }
  if (!read_literal(b.p, b.end, value)) return false;

  const bool insert = indexing == Indexing::incremental;
  const std::size_t name_bound = known != nullptr ? known->name.size() : name.bound();
  if (b.over || name_bound + value.bound() + kFieldOverhead > b.size_left) [[unlikely]] {
    const auto name_size = known != nullptr ? std::optional(known->name.size()) : name.decoded_size();
    const auto value_size = value.decoded_size();
    if (!name_size || !value_size) return false;
    const std::size_t size = *name_size + *value_size + kFieldOverhead;
    if (b.over || size > b.size_left) {
      go_over(b);
      if (!insert) return true;
      if (size > table.max()) {
        table.clear();
        return true;
      }
    }
  }

  const Arena::Mark mark = arena.mark();
  HeaderField field;
  if (known != nullptr) {
    field.token = known->token;
    field.valid_name = known->valid_name;
    field.name = known->name;
  } else {
    const auto text = keep(name);
    if (!text) return false;
    field.name = *text;
    field.token = token_of(field.name);
    field.valid_name = is_valid_name(field.name);
  }
  const auto text = keep(value);
  if (!text) return false;
  field.value = *text;
  field.valid_value = is_valid_value(field.value);
  field.never_indexed = indexing == Indexing::never;

  const DecoderTable::Entry* entry = nullptr;
  if (insert) {
    entry = table.insert(field);
    if (entry != nullptr) arena.rewind(mark);
  }
  if (b.over) return true;
  add(b, entry != nullptr ? entry->field : field);
  return true;
}

void HpackDecoder::Impl::add(Block& b, const HeaderField& field) {
  const std::size_t size = listed_size(field);
  if (size > b.size_left || b.fields_left == 0) return go_over(b);
  b.size_left -= size;
  --b.fields_left;
  b.out.push_back(field);
}

bool HpackDecoder::Impl::indexed(Block& b) {
  std::uint32_t index;
  if (!read_integer(b.p, b.end, 0x7f, index)) return false;
  const HeaderField* const field = find(index);
  if (field == nullptr) return false;
  if (!b.over) add(b, *field);
  return true;
}

// The run of fields, each an index of one byte into either table, that stands next in the block and keeps the limits:
// all of a request that repeats. What it stops at is rest()'s business.
[[gnu::always_inline]] inline void HpackDecoder::Impl::indexed_run(Block& b) const {
  constexpr std::uint32_t kFirstDynamic = 0x80 | (kStaticEntries + 1);
  const std::uint32_t dynamic = std::min<std::uint32_t>(table.count(), 0xff - kFirstDynamic);
  const std::uint8_t* p = b.p;
  const std::uint8_t* const end = p + std::min(static_cast<std::size_t>(b.end - p), b.fields_left);
  std::size_t left = b.size_left;
  for (; p != end; ++p) {
    const std::uint32_t byte = *p;
    const HeaderField* field;
    if (byte - kFirstDynamic < dynamic) [[likely]] {
      field = &table.at(byte - kFirstDynamic).field;
    } else if (byte > 0x80 && byte < kFirstDynamic) {
      field = &kStaticTable[byte - 0x80];
    } else {
      break;
    }
    const std::size_t size = listed_size(*field);
    if (left < size) [[unlikely]]
      break;
    left -= size;
    b.out.push_back(*field);
  }
  b.fields_left -= static_cast<std::size_t>(p - b.p);
  b.size_left = left;
  b.p = p;
}

// What is not such a run: size updates, long indices, literals, and fields beyond the limits.
[[gnu::noinline]] DecodeOutcome HpackDecoder::Impl::rest(Block& b) {
  table.keep_evicted(true);
  bool good = true;
  while (good && b.p != b.end) {
    const std::uint8_t first = *b.p;
    if ((first & 0x80) != 0) {
      good = indexed(b);
    } else if ((first & 0x40) != 0) {
      good = literal(b, 0x3f, Indexing::incremental);
    } else if ((first & 0x20) != 0) {
      good = false;  // a size update behind a field
    } else {
      good = literal(b, 0x0f, (first & 0x10) != 0 ? Indexing::never : Indexing::without);
    }
    if (good && !b.over) indexed_run(b);
  }
  if (!good) {
    go_over(b);
    return DecodeOutcome::compression_error;
  }
  return b.over ? DecodeOutcome::too_large : DecodeOutcome::ok;
}

HpackDecoder::HpackDecoder(std::uint32_t table_size) : impl_(std::make_unique<Impl>(table_size)) {}
HpackDecoder::~HpackDecoder() = default;

DecodeOutcome HpackDecoder::decode(std::span<const std::byte> block, const HeaderLimits& limits, HeaderList& out) {
  Impl& self = *impl_;
  self.arena.reset();
  self.table.release();

  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(block.data());
  Impl::Block b{
      .p = bytes, .end = bytes + block.size(), .size_left = limits.list_size, .fields_left = limits.fields, .out = out};
  const bool update_due = self.smallest < self.table.max();
  if (update_due || (b.p != b.end && (*b.p & 0xe0) == 0x20)) [[unlikely]] {
    if (!self.size_updates(b)) return DecodeOutcome::compression_error;
  }
  self.smallest = self.announced;
  self.indexed_run(b);
  if (b.p == b.end) [[likely]]
    return DecodeOutcome::ok;
  b.out_start = out.size() - (limits.fields - b.fields_left);
  return self.rest(b);
}

void HpackDecoder::set_table_size(std::uint32_t bytes) {
  impl_->announced = bytes;
  impl_->smallest = std::min(impl_->smallest, bytes);
  ++impl_->announcements;
}

std::uint64_t HpackDecoder::version() const { return impl_->announcements + impl_->table.changes(); }

std::size_t HpackDecoder::dynamic_entries() const { return impl_->table.count(); }
std::size_t HpackDecoder::dynamic_size() const { return impl_->table.size(); }

}  // namespace pintle::http2
