#include <algorithm>

#include "request_headers.hpp"

namespace pintle::bench {
namespace {

constexpr std::size_t kDefaultTable = 4096;

void put_integer(std::string& out, unsigned prefix_bits, unsigned char pattern, std::size_t value) {
  const std::size_t most = (1U << prefix_bits) - 1;
  if (value < most) {
    out.push_back(static_cast<char>(pattern | value));
    return;
  }
  out.push_back(static_cast<char>(pattern | most));
  for (value -= most; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void put_text(std::string& out, std::string_view text) {
  put_integer(out, 7, 0, text.size());
  out.append(text);
}

struct Field {
  std::size_t static_name;  // 0: the name is written out
  std::string_view name;
  std::string_view value;
};

}  // namespace

RequestHeaders::RequestHeaders(std::string_view path, std::string_view authority, const Metadata& metadata) {
  std::vector<Field> fields{{4, ":path", path},
                            {1, ":authority", authority},
                            {31, "content-type", "application/grpc"},
                            {0, "te", "trailers"},
                            {58, "user-agent", "pintle-load/1"}};
  for (const auto& [name, value] : metadata) fields.push_back({0, name, value});
  const std::string_view post_http("\x83\x86");
  first_ = literal_ = indexed_ = post_http;
  for (const Field& field : fields) {
    put_integer(first_, 6, 0x40, field.static_name);
    put_integer(literal_, 4, 0, field.static_name);
    if (field.static_name == 0) {
      put_text(first_, field.name);
      put_text(literal_, field.name);
    }
    put_text(first_, field.value);
    put_text(literal_, field.value);
    needs_ += field.name.size() + field.value.size() + 32;
  }
  for (std::size_t i = fields.size(); i > 0; --i) put_integer(indexed_, 7, 0x80, 61 + i);
}

void RequestHeaders::server_table(std::size_t bytes) {
  const std::size_t table = std::min(bytes, kDefaultTable);
  if (table == table_) return;
  table_ = table;
  announce_ = true;
  if (table_ < needs_) warm_ = false;
}

std::string_view RequestHeaders::next() {
  if (warm_ && !announce_) return indexed_;
  scratch_.clear();
  if (announce_) put_integer(scratch_, 5, 0x20, table_);
  announce_ = false;
  if (table_ < needs_) {
    scratch_ += literal_;
  } else {
    scratch_ += warm_ ? indexed_ : first_;
    warm_ = true;
  }
  return scratch_;
}

}  // namespace pintle::bench
