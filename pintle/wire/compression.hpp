// The codings of messages: their names in grpc-encoding and grpc-accept-encoding, and the bytes
// (grpc/doc/compression.md; grpc/doc/PROTOCOL-HTTP2.md, "Message-Encoding").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <pintle/base/buffer.hpp>
#include <pintle/base/status.hpp>

namespace pintle::wire {

enum class Encoding : std::uint8_t {
  identity,  // none
  gzip,      // RFC 1952
  deflate,   // the zlib format, RFC 1950, as in HTTP; never a bare RFC 1951 stream
  zstd,      // RFC 8878
};
inline constexpr std::size_t kEncodings = 4;

// The value of grpc-encoding. Static storage.
std::string_view encoding_name(Encoding encoding) noexcept;
// Nothing for a name that we don't know. Letters are compared as they are, as all of gRPC does.
std::optional<Encoding> parse_encoding(std::string_view name) noexcept;

// What a peer takes. Identity is always in. A value type of one byte.
class EncodingSet {
 public:
  constexpr EncodingSet() = default;
  static constexpr EncodingSet all() { return EncodingSet((1U << kEncodings) - 1); }
  // What bits() gave.
  static constexpr EncodingSet from_bits(std::uint8_t bits) { return EncodingSet(bits | 1U); }
  constexpr EncodingSet& add(Encoding encoding) {
    bits_ |= bit(encoding);
    return *this;
  }
  constexpr EncodingSet& add(EncodingSet others) {
    bits_ |= others.bits_;
    return *this;
  }
  constexpr bool has(Encoding encoding) const { return (bits_ & bit(encoding)) != 0; }
  constexpr std::uint8_t bits() const { return bits_; }  // never 0
  friend constexpr bool operator==(EncodingSet, EncodingSet) = default;

 private:
  explicit constexpr EncodingSet(unsigned bits) : bits_(static_cast<std::uint8_t>(bits)) {}
  static constexpr std::uint8_t bit(Encoding encoding) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(encoding));
  }
  std::uint8_t bits_ = 1;
};

// The value of grpc-accept-encoding: names between commas, blanks around them. Names that we don't know are skipped.
EncodingSet parse_accept_encoding(std::string_view value) noexcept;
// All that we take, as we say it.
inline constexpr std::string_view kAcceptEncoding = "identity,gzip,deflate,zstd";

// Compresses and decompresses whole messages. Each message is coded afresh, as gRPC demands, but the contexts of the
// libraries are made once, at the first use of a coding, and reset: keep one codec per thread, not one per call. One
// thread. Throws std::bad_alloc when the memory is not there.
class Codec {
 public:
  Codec();
  Codec(const Codec&) = delete;
  ~Codec();

  // Room for a message of `n` bytes that is to be compressed and lies nowhere yet. Good until trim().
  std::byte* room(std::size_t n);
  // The compressed form, good until the next compress() or trim(). Nothing when it would not be smaller than the
  // message: then it is better sent as it is. REQUIRES: not identity; message.size() < 4 GiB.
  std::optional<std::span<const std::byte>> compress(Encoding encoding, std::span<const std::byte> message);
  // Gives memory back that a large message left behind in this codec.
  void trim();

  // Decompresses one message into `out`, which is cleared first. RESOURCE_EXHAUSTED when it has more than `limit`
  // bytes, told after limit + 1 of them; what the data declare about their own size is not believed. INTERNAL for
  // anything else than exactly one complete stream: data that are broken, that end too early, that have something
  // behind them (a second gzip member or zstd frame too), that need a dictionary, or a zstd window above 8 MiB (what
  // RFC 8878 section 3.1.1.1.2 asks decoders to support). After an error the contents of `out` mean nothing.
  // REQUIRES: not identity; bytes.size() < 4 GiB.
  Status decompress(Encoding encoding, std::span<const std::byte> bytes, std::size_t limit, Buffer& out);

 private:
  struct Contexts;
  Contexts& contexts();

  std::unique_ptr<Contexts> contexts_;
  Buffer plain_, packed_;
};

}  // namespace pintle::wire
