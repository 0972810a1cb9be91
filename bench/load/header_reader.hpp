#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>

namespace pintle::bench {

// What the load generator wants to know of a response's header blocks. -1 stands for "not seen".
struct ResponseFacts {
  int http_status = -1;
  int grpc_status = -1;
};

// An HPACK decoder (RFC 7541) that keeps the dynamic table faithfully and remembers for each entry only what it says
// about a response. One for each connection.
class HeaderReader {
 public:
  // `table_limit`: the SETTINGS_HEADER_TABLE_SIZE that we announced.
  explicit HeaderReader(std::size_t table_limit = 4096) : limit_(table_limit), capacity_(table_limit) {}

  // Decodes one whole header block and adds to `facts`. False: the block is malformed, the connection can't go on.
  bool read(std::span<const std::uint8_t> block, ResponseFacts& facts);

 private:
  enum class Meaning : std::uint8_t { other, http_status, grpc_status };
  struct Entry {
    std::string name;
    std::size_t size = 0;  // as RFC 7541, section 4.1 counts it
    Meaning meaning = Meaning::other;
    int number = -1;
  };
  struct Cursor;

  static Entry make_entry(std::string name, const std::string& value);
  static void apply(const Entry& entry, ResponseFacts& facts);
  const Entry* find(std::size_t index) const;
  void insert(Entry entry);
  void shrink_to(std::size_t size);

  std::size_t limit_;
  std::size_t capacity_;
  std::size_t used_ = 0;
  std::deque<Entry> newest_first_;
};

}  // namespace pintle::bench
