// Hashes of endpoints that are the same on every machine and in every release.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <pintle/client/endpoint.hpp>

namespace pintle::balancing {

// FNV-1a with a finish that spreads the last bytes.
inline std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  return hash ^ hash >> 33;
}

// Its first address, or, where it has none, its attributes but for its weight.
inline std::string name_of(const Endpoint& endpoint) {
  if (!endpoint.addresses.empty()) return endpoint.addresses.front().to_string();
  std::string name;
  for (const auto& [key, value] : endpoint.attributes)
    if (key != "weight") name.append(key).append(1, '=').append(value).append(1, '\n');
  return name;
}

// The attribute "weight", a number above 0; 1 where there is none.
inline double weight_of(const Endpoint& endpoint) {
  const auto found = endpoint.attributes.find("weight");
  if (found == endpoint.attributes.end()) return 1;
  const std::string_view text = found->second;
  double weight = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), weight);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && weight > 0 && weight < 1e9 ? weight : 1;
}

}  // namespace pintle::balancing
