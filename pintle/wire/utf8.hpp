// UTF-8 as the wire needs it: is it valid, make it valid, cut it without splitting a character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pintle::wire {

// Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text) noexcept;

// `text` with every ill-formed part replaced by U+FFFD (one for each maximal subpart, as the Unicode standard
// recommends in section 3.9). Valid text comes back unchanged.
std::string to_valid_utf8(std::string_view text);

// The longest start of `text` that has at most `limit` bytes and does not end inside a character. Bytes that are not
// UTF-8 count as characters of one byte.
std::string_view truncate_utf8(std::string_view text, std::size_t limit) noexcept;

}  // namespace pintle::wire
