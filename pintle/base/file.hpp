// Reads a whole file that somebody named: a certificate, a configuration.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace pintle {

// What is read at most: more is a mistake, such as the wrong file.
inline constexpr std::size_t kMaxFileBytes = 16 * 1024 * 1024;

// The content, or for a person why there is none: "No such file or directory", "it is a directory". Regular files and
// pipes only. Never throws but for want of memory; blocks on the disk.
std::expected<std::string, std::string> read_file(const std::string& path, std::size_t max_bytes = kMaxFileBytes);

}  // namespace pintle
