#include <pintle/wire/compression.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include <fmt/format.h>
#define ZLIB_CONST  // its input pointers are to const then
#include <zlib.h>
#include <zstd.h>

namespace pintle::wire {
namespace {

constexpr std::array<std::string_view, kEncodings> kNames = {"identity", "gzip", "deflate", "zstd"};

constexpr int kZlibFormat = 15, kGzipFormat = 15 + 16;  // zlib's windowBits: 32 KiB, and which wrapper is around it
constexpr int kZlibMemory = 8;                          // zlib's own default
// The fastest: a loop serves many calls, and zlib's default of 6 takes four times as long for an eighth fewer bytes.
constexpr int kZlibLevel = 1, kZstdLevel = 1;
constexpr int kZstdMaxWindowLog = 23;  // 8 MiB

constexpr std::size_t kKeptScratch = 256 * 1024;
constexpr std::size_t kFirstRoom = 1024;

int window_bits(Encoding encoding) { return encoding == Encoding::gzip ? kGzipFormat : kZlibFormat; }

std::string_view trim_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

Status broken(Encoding encoding, std::string_view why) {
  return Status(Code::internal,
                fmt::format("a message that came compressed can't be read as {}: {}", encoding_name(encoding), why),
                Origin::library);
}

Status too_large(std::size_t limit) {
  return Status(Code::resource_exhausted,
                fmt::format("a compressed message came that has more than {} bytes, which is the limit", limit),
                Origin::library);
}

// Where the next bytes of a message go: never more than one beyond the limit, and no memory ahead of the bytes that
// were really there. Empty: the limit is passed.
std::span<std::byte> room_in(Buffer& out, std::size_t limit) {
  const std::size_t size = out.size();
  if (size > limit) return {};
  const std::size_t most = limit - size < std::numeric_limits<std::size_t>::max() ? limit - size + 1 : limit;
  std::byte* at = out.prepare(1);
  return {at, std::min({most, out.capacity() - size, std::size_t{std::numeric_limits<uInt>::max()}})};
}

// The streams of zlib, each made at its first use. They hold pointers to themselves and stay where they are.
class Inflater {
 public:
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  ~Inflater() {
    if (made_) inflateEnd(&z_);
  }
  z_stream& fresh(int bits) {
    if ((made_ ? inflateReset2(&z_, bits) : inflateInit2(&z_, bits)) != Z_OK) throw std::bad_alloc();
    made_ = true;
    return z_;
  }

 private:
  z_stream z_{};
  bool made_ = false;
};

class Deflater {
 public:
  Deflater() = default;
  Deflater(const Deflater&) = delete;
  ~Deflater() {
    if (made_) deflateEnd(&z_);
  }
  z_stream& fresh(int bits) {
    if ((made_ ? deflateReset(&z_)
               : deflateInit2(&z_, kZlibLevel, Z_DEFLATED, bits, kZlibMemory, Z_DEFAULT_STRATEGY)) != Z_OK)
      throw std::bad_alloc();
    made_ = true;
    return z_;
  }

 private:
  z_stream z_{};
  bool made_ = false;
};

struct FreeZstd {
  void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* d) const { ZSTD_freeDCtx(d); }
};

Bytef* zlib_bytes(std::byte* bytes) { return reinterpret_cast<Bytef*>(bytes); }
const Bytef* zlib_bytes(const std::byte* bytes) { return reinterpret_cast<const Bytef*>(bytes); }

Status inflate_all(Encoding encoding, z_stream& z, std::span<const std::byte> bytes, std::size_t limit, Buffer& out) {
  z.next_in = zlib_bytes(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  for (int result = Z_OK; result != Z_STREAM_END;) {
    const std::span<std::byte> to = room_in(out, limit);
    if (to.empty()) return too_large(limit);
    z.next_out = zlib_bytes(to.data());
    z.avail_out = static_cast<uInt>(to.size());
    result = inflate(&z, Z_NO_FLUSH);
    out.commit(to.size() - z.avail_out);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_NEED_DICT) return broken(encoding, "it needs a dictionary");
    if (result == Z_DATA_ERROR) return broken(encoding, z.msg != nullptr ? z.msg : "broken data");
    const bool more = result == Z_STREAM_END || z.avail_in != 0 || z.avail_out == 0;
    if (!more || result == Z_BUF_ERROR) return broken(encoding, "it ends too early");
  }
  if (out.size() > limit) return too_large(limit);
  if (z.avail_in != 0) return broken(encoding, "something stands behind its end");
  return {};
}

Status unzstd_all(ZSTD_DCtx* d, std::span<const std::byte> bytes, std::size_t limit, Buffer& out) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (std::size_t left = 1; left != 0;) {
    const std::span<std::byte> room = room_in(out, limit);
    if (room.empty()) return too_large(limit);
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    left = ZSTD_decompressStream(d, &to, &in);
    if (ZSTD_isError(left) != 0) return broken(Encoding::zstd, ZSTD_getErrorName(left));
    out.commit(to.pos);
    if (left != 0 && in.pos == in.size && to.pos < to.size) return broken(Encoding::zstd, "it ends too early");
  }
  if (out.size() > limit) return too_large(limit);
  if (in.pos != in.size) return broken(Encoding::zstd, "something stands behind its end");
  return {};
}

}  // namespace

std::string_view encoding_name(Encoding encoding) noexcept { return kNames[static_cast<std::size_t>(encoding)]; }

std::optional<Encoding> parse_encoding(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kEncodings; ++i)
    if (name == kNames[i]) return static_cast<Encoding>(i);
  return std::nullopt;
}

EncodingSet parse_accept_encoding(std::string_view value) noexcept {
  if (value == kAcceptEncoding) return EncodingSet::all();
  EncodingSet set;
  for (;;) {
    const std::size_t comma = value.find(',');
    if (const auto encoding = parse_encoding(trim_blanks(value.substr(0, comma)))) set.add(*encoding);
    if (comma == std::string_view::npos) return set;
    value.remove_prefix(comma + 1);
  }
}

struct Codec::Contexts {
  Inflater inflater;    // reads both formats
  Deflater gzip, zlib;  // writes one
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd_out;
  std::unique_ptr<ZSTD_DCtx, FreeZstd> zstd_in;

  ZSTD_CCtx* zstd_compressor() {
    if (zstd_out == nullptr) {
      zstd_out.reset(ZSTD_createCCtx());
      if (zstd_out == nullptr) throw std::bad_alloc();
      ZSTD_CCtx_setParameter(zstd_out.get(), ZSTD_c_compressionLevel, kZstdLevel);
    }
    return zstd_out.get();
  }
  ZSTD_DCtx* fresh_zstd_decompressor() {
    if (zstd_in == nullptr) {
      zstd_in.reset(ZSTD_createDCtx());
      if (zstd_in == nullptr) throw std::bad_alloc();
      ZSTD_DCtx_setParameter(zstd_in.get(), ZSTD_d_windowLogMax, kZstdMaxWindowLog);
    }
    ZSTD_DCtx_reset(zstd_in.get(), ZSTD_reset_session_only);
    return zstd_in.get();
  }
};

Codec::Codec() = default;
Codec::~Codec() = default;

Codec::Contexts& Codec::contexts() {
  if (contexts_ == nullptr) contexts_ = std::make_unique<Contexts>();
  return *contexts_;
}

std::byte* Codec::room(std::size_t n) {
  plain_.clear();
  return plain_.extend(n);
}

std::optional<std::span<const std::byte>> Codec::compress(Encoding encoding, std::span<const std::byte> message) {
  if (message.empty()) return std::nullopt;
  // One byte less than the message has: what does not fit is not worth sending, and the work on it stops there.
  const std::size_t most = message.size() - 1;
  packed_.clear();
  std::byte* const to = packed_.prepare(most);
  std::size_t size;
  if (encoding == Encoding::zstd) {
    size = ZSTD_compress2(contexts().zstd_compressor(), to, most, message.data(), message.size());
    if (ZSTD_isError(size) != 0) return std::nullopt;
  } else {
    Contexts& c = contexts();
    z_stream& z = (encoding == Encoding::gzip ? c.gzip : c.zlib).fresh(window_bits(encoding));
    z.next_in = zlib_bytes(message.data());
    z.avail_in = static_cast<uInt>(message.size());
    z.next_out = zlib_bytes(to);
    z.avail_out = static_cast<uInt>(most);
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) return std::nullopt;
    size = most - z.avail_out;
  }
  packed_.commit(size);
  return packed_.bytes();
}

void Codec::trim() {
  plain_.clear();
  plain_.shrink(kKeptScratch);
  packed_.clear();
  packed_.shrink(kKeptScratch);
}

Status Codec::decompress(Encoding encoding, std::span<const std::byte> bytes, std::size_t limit, Buffer& out) {
  out.clear();
  out.prepare(std::max(kFirstRoom, std::min(limit, 2 * bytes.size())));
  if (encoding == Encoding::zstd) return unzstd_all(contexts().fresh_zstd_decompressor(), bytes, limit, out);
  return inflate_all(encoding, contexts().inflater.fresh(window_bits(encoding)), bytes, limit, out);
}

}  // namespace pintle::wire
