// The percent-coding of grpc-message (grpc/doc/PROTOCOL-HTTP2.md, "Percent-Encoded"): UTF-8 text in a header that may
// hold printable ASCII only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pintle::wire {

// Appends `text` to `out`: bytes outside 0x20-0x7E and '%' as "%XX" (upper case), all others as they are.
void percent_encode(std::string_view text, std::string& out);

// The same, but what is appended has at most `limit` bytes: the rest of the text is left out, and no character of UTF-8
// is cut in two. Keeps a long message from making a header list that the peer refuses.
void percent_encode_within(std::string_view text, std::size_t limit, std::string& out);

// The text that was encoded. Never fails and never drops the message, as the specification demands: a '%' without two
// hexadecimal digits stays as it is, and what isn't UTF-8 in the end becomes U+FFFD, so the result is always valid
// UTF-8.
std::string percent_decode(std::string_view value);

}  // namespace pintle::wire
