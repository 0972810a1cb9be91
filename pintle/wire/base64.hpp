// Base64 as gRPC uses it for metadata whose key ends in "-bin": the alphabet of RFC 4648 section 4, padding optional.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pintle::wire {

// The length of the unpadded encoding of `n` bytes.
constexpr std::size_t base64_size(std::size_t n) { return n / 3 * 4 + (n % 3 == 0 ? 0 : n % 3 + 1); }

// Appends the encoding of `bytes` to `out`, without padding (PROTOCOL-HTTP2: "should emit un-padded values").
void base64_encode(std::string_view bytes, std::string& out);

// Appends the bytes that `text` encodes to `out`. Padded and unpadded forms are taken; anything else is refused (false,
// and `out` is as it was): another alphabet, white space, padding that does not fill the last group, a single left-over
// digit. Bits of the last digit that belong to no byte are ignored, as grpc-go does.
bool base64_decode(std::string_view text, std::string& out);

}  // namespace pintle::wire
