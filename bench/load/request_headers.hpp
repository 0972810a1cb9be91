#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle::bench {

// The header block of the one request that a connection repeats: the first time with literals that enter the server's
// table, afterwards a byte of index for each field. A server with a small table gets literals every time.
class RequestHeaders {
 public:
  using Metadata = std::vector<std::pair<std::string, std::string>>;
  RequestHeaders(std::string_view path, std::string_view authority, const Metadata& metadata);

  // The server's SETTINGS_HEADER_TABLE_SIZE; takes effect with the next block.
  void server_table(std::size_t bytes);

  // The next block, valid until the next call; it must go out in the order of the calls.
  std::string_view next();

 private:
  std::string indexed_;
  std::string first_;
  std::string literal_;
  std::string scratch_;
  std::size_t needs_ = 0;
  std::size_t table_ = 4096;
  bool announce_ = false;
  bool warm_ = false;
};

}  // namespace pintle::bench
