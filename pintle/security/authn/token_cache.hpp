// Tokens that were verified, so that the next call with the same one costs a hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <pintle/rpc/identity.hpp>
#include <pintle/security/jwt/claims.hpp>

namespace pintle {

// By the SHA-256 of the whole token: who finds an entry has shown the very token that was verified. Bounded, the one
// that was used longest ago goes first. One thread.
class TokenCache {
 public:
  explicit TokenCache(std::size_t most) : most_(most) {}
  TokenCache(const TokenCache&) = delete;

  // Null: verify it. What was stored under another epoch, or has expired by now, is not found.
  std::shared_ptr<const Identity> find(std::string_view token, std::uint64_t epoch, WallTime now);
  void store(std::string_view token, std::uint64_t epoch, std::shared_ptr<const Identity> identity);
  std::size_t size() const { return entries_.size(); }

 private:
  using Digest = std::array<std::uint64_t, 4>;
  struct Entry {
    Digest digest;
    std::uint64_t epoch;
    std::shared_ptr<const Identity> identity;
  };
  struct Hash {
    std::size_t operator()(const Digest& digest) const { return digest[0]; }
  };
  static Digest digest_of(std::string_view token);

  const std::size_t most_;
  std::list<Entry> entries_;  // the one that was used last first
  std::unordered_map<Digest, std::list<Entry>::iterator, Hash> by_digest_;
};

}  // namespace pintle
