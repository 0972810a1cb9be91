// nghttp2's HPACK, as the other opinion.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nghttp2/nghttp2.h>

#include <pintle/http2/hpack/test_support/fields.hpp>

namespace pintle::http2::hpack_test {

class OracleEncoder {
 public:
  explicit OracleEncoder(std::size_t table_size = 4096) {
    nghttp2_hd_deflater* d = nullptr;
    nghttp2_hd_deflate_new(&d, table_size);
    deflater_.reset(d);
  }
  std::string encode(const Pairs& pairs, const std::vector<bool>& never = {}) {
    std::vector<nghttp2_nv> nva;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto& [name, value] = pairs[i];
      nva.push_back({bytes(name), bytes(value), name.size(), value.size(),
                     static_cast<std::uint8_t>(!never.empty() && never[i] ? NGHTTP2_NV_FLAG_NO_INDEX : 0)});
    }
    std::string out(nghttp2_hd_deflate_bound(deflater_.get(), nva.data(), nva.size()), '\0');
    const auto n = nghttp2_hd_deflate_hd(deflater_.get(), bytes(out), out.size(), nva.data(), nva.size());
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return out;
  }
  void set_table_size(std::size_t bytes) { nghttp2_hd_deflate_change_table_size(deflater_.get(), bytes); }

 private:
  static std::uint8_t* bytes(const std::string& s) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(s.data()));
  }
  struct Delete {
    void operator()(nghttp2_hd_deflater* d) const { nghttp2_hd_deflate_del(d); }
  };
  std::unique_ptr<nghttp2_hd_deflater, Delete> deflater_;
};

class OracleDecoder {
 public:
  OracleDecoder() {
    nghttp2_hd_inflater* d = nullptr;
    nghttp2_hd_inflate_new(&d);
    inflater_.reset(d);
  }
  // Nothing when the block is not HPACK.
  std::optional<Pairs> decode(std::string_view block) {
    Pairs pairs;
    const auto* p = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    for (;;) {
      nghttp2_nv nv;
      int flags = 0;
      const auto n = nghttp2_hd_inflate_hd2(inflater_.get(), &nv, &flags, p, left, 1);
      if (n < 0) return std::nullopt;
      p += n;
      left -= static_cast<std::size_t>(n);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        pairs.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                           std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
        nghttp2_hd_inflate_end_headers(inflater_.get());
        return pairs;
      }
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) return std::nullopt;
    }
  }
  void set_table_size(std::size_t bytes) { nghttp2_hd_inflate_change_table_size(inflater_.get(), bytes); }
  std::size_t dynamic_entries() const { return nghttp2_hd_inflate_get_num_table_entries(inflater_.get()) - 61; }
  std::size_t dynamic_size() const { return nghttp2_hd_inflate_get_dynamic_table_size(inflater_.get()); }

 private:
  struct Delete {
    void operator()(nghttp2_hd_inflater* d) const { nghttp2_hd_inflate_del(d); }
  };
  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;
};

}  // namespace pintle::http2::hpack_test
