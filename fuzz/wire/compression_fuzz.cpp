// Input: a coding, a limit, then bytes: they are read as a compressed message, and compressed as a message. Whatever
// they are, no more comes out than the limit allows, and what was compressed comes back.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>

#include "../check.hpp"
#include <pintle/wire/compression.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  using wire::Encoding;
  constexpr Encoding kCodings[] = {Encoding::gzip, Encoding::deflate, Encoding::zstd};
  if (size < 2) return 0;
  const Encoding encoding = kCodings[data[0] % std::size(kCodings)];
  const std::size_t limit = std::size_t{data[1]} * 64;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(2);

  static wire::Codec codec;  // of many messages, as on a loop
  Buffer out;
  const Status status = codec.decompress(encoding, bytes, limit, out);
  FUZZ_CHECK(status.ok() || status.code() == Code::internal || status.code() == Code::resource_exhausted);
  FUZZ_CHECK(out.size() <= limit + 1 && (!status.ok() || out.size() <= limit));
  FUZZ_CHECK(out.capacity() <= 2 * (limit + 1) + 1024);

  const auto packed = codec.compress(encoding, bytes);
  if (!packed) return 0;
  FUZZ_CHECK(packed->size() < bytes.size());
  FUZZ_CHECK(codec.decompress(encoding, *packed, bytes.size(), out).ok());
  FUZZ_CHECK(std::ranges::equal(out.bytes(), bytes));
  codec.trim();
  return 0;
}
