#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "header_reader.hpp"
#include "huffman.hpp"

namespace pintle::bench {
namespace {

constexpr std::size_t kStaticEntries = 61;
constexpr std::size_t kFirstStatus = 8;
constexpr std::size_t kLastStatus = 14;

// RFC 7541, appendix A. Of the values only those of :status matter to us, and they are written out below.
constexpr std::array<std::string_view, kStaticEntries + 1> kStaticNames{"",
                                                                        ":authority",
                                                                        ":method",
                                                                        ":method",
                                                                        ":path",
                                                                        ":path",
                                                                        ":scheme",
                                                                        ":scheme",
                                                                        ":status",
                                                                        ":status",
                                                                        ":status",
                                                                        ":status",
                                                                        ":status",
                                                                        ":status",
                                                                        ":status",
                                                                        "accept-charset",
                                                                        "accept-encoding",
                                                                        "accept-language",
                                                                        "accept-ranges",
                                                                        "accept",
                                                                        "access-control-allow-origin",
                                                                        "age",
                                                                        "allow",
                                                                        "authorization",
                                                                        "cache-control",
                                                                        "content-disposition",
                                                                        "content-encoding",
                                                                        "content-language",
                                                                        "content-length",
                                                                        "content-location",
                                                                        "content-range",
                                                                        "content-type",
                                                                        "cookie",
                                                                        "date",
                                                                        "etag",
                                                                        "expect",
                                                                        "expires",
                                                                        "from",
                                                                        "host",
                                                                        "if-match",
                                                                        "if-modified-since",
                                                                        "if-none-match",
                                                                        "if-range",
                                                                        "if-unmodified-since",
                                                                        "last-modified",
                                                                        "link",
                                                                        "location",
                                                                        "max-forwards",
                                                                        "proxy-authenticate",
                                                                        "proxy-authorization",
                                                                        "range",
                                                                        "referer",
                                                                        "refresh",
                                                                        "retry-after",
                                                                        "server",
                                                                        "set-cookie",
                                                                        "strict-transport-security",
                                                                        "transfer-encoding",
                                                                        "user-agent",
                                                                        "vary",
                                                                        "via",
                                                                        "www-authenticate"};
constexpr std::array<int, kLastStatus - kFirstStatus + 1> kStaticStatus{200, 204, 206, 304, 400, 404, 500};

}  // namespace

struct HeaderReader::Cursor {
  std::span<const std::uint8_t> left;

  std::optional<std::size_t> integer(unsigned prefix_bits) {
    if (left.empty()) return std::nullopt;
    const std::size_t most = (1U << prefix_bits) - 1;
    std::size_t value = left[0] & most;
    left = left.subspan(1);
    if (value < most) return value;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
      if (left.empty()) return std::nullopt;
      const std::uint8_t byte = left[0];
      left = left.subspan(1);
      value += std::size_t{byte & 0x7FU} << shift;
      if (!(byte & 0x80)) return value;
    }
    return std::nullopt;
  }

  std::optional<std::string> text() {
    if (left.empty()) return std::nullopt;
    const bool huffman = left[0] & 0x80;
    const auto size = integer(7);
    if (!size || *size > left.size()) return std::nullopt;
    const auto bytes = left.first(*size);
    left = left.subspan(*size);
    if (huffman) return huffman_decode(bytes);
    return std::string(bytes.begin(), bytes.end());
  }
};

bool HeaderReader::read(std::span<const std::uint8_t> block, ResponseFacts& facts) {
  Cursor cursor{block};
  while (!cursor.left.empty()) {
    const std::uint8_t first = cursor.left[0];
    if (first & 0x80) {
      const auto index = cursor.integer(7);
      if (!index || *index == 0) return false;
      if (*index <= kStaticEntries) {
        if (*index >= kFirstStatus && *index <= kLastStatus) facts.http_status = kStaticStatus[*index - kFirstStatus];
        continue;
      }
      const Entry* entry = find(*index);
      if (entry == nullptr) return false;
      apply(*entry, facts);
      continue;
    }
    if ((first & 0xE0) == 0x20) {
      const auto size = cursor.integer(5);
      if (!size || *size > limit_) return false;
      capacity_ = *size;
      shrink_to(capacity_);
      continue;
    }
    const bool indexing = first & 0x40;
    const auto index = cursor.integer(indexing ? 6 : 4);
    if (!index) return false;
    std::optional<std::string> name;
    if (*index == 0) {
      name = cursor.text();
    } else if (*index <= kStaticEntries) {
      name = std::string(kStaticNames[*index]);
    } else if (const Entry* entry = find(*index)) {
      name = entry->name;
    }
    const auto value = name ? cursor.text() : std::nullopt;
    if (!value) return false;
    Entry entry = make_entry(*std::move(name), *value);
    apply(entry, facts);
    if (indexing) insert(std::move(entry));
  }
  return true;
}

HeaderReader::Entry HeaderReader::make_entry(std::string name, const std::string& value) {
  Entry entry;
  entry.size = name.size() + value.size() + 32;
  entry.meaning = name == ":status"       ? Meaning::http_status
                  : name == "grpc-status" ? Meaning::grpc_status
                                          : Meaning::other;
  if (entry.meaning != Meaning::other) std::from_chars(value.data(), value.data() + value.size(), entry.number);
  entry.name = std::move(name);
  return entry;
}

void HeaderReader::apply(const Entry& entry, ResponseFacts& facts) {
  if (entry.meaning == Meaning::grpc_status) facts.grpc_status = entry.number;
  if (entry.meaning == Meaning::http_status) facts.http_status = entry.number;
}

const HeaderReader::Entry* HeaderReader::find(std::size_t index) const {
  const std::size_t at = index - kStaticEntries - 1;
  return at < newest_first_.size() ? &newest_first_[at] : nullptr;
}

void HeaderReader::insert(Entry entry) {
  if (entry.size > capacity_) return shrink_to(0);
  shrink_to(capacity_ - entry.size);
  used_ += entry.size;
  newest_first_.push_front(std::move(entry));
}

void HeaderReader::shrink_to(std::size_t size) {
  while (used_ > size) {
    used_ -= newest_first_.back().size;
    newest_first_.pop_back();
  }
}

}  // namespace pintle::bench
