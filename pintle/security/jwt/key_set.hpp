// The keys of one issuer at one time (RFC 7517 section 5).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <pintle/security/jwt/verification_key.hpp>

namespace pintle {

// Immutable once it is made; any thread.
class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<VerificationKey> keys);

  // A JWK Set. Keys that can't be used are left out, as RFC 7517 has it, and said in `left_out` when that is not null.
  // The error says why the whole is none: no JSON, no array of keys, two usable keys of one kid, none that is usable.
  static std::expected<KeySet, std::string> from_jwks(std::string_view text, std::vector<std::string>* left_out);
  // A JWK Set, one public key or one certificate in PEM: by how the text begins.
  static std::expected<KeySet, std::string> from_text(std::string_view text, std::vector<std::string>* left_out);

  bool empty() const { return keys_.empty(); }
  std::size_t size() const { return keys_.size(); }
  bool has(std::string_view kid) const { return by_kid_.contains(kid); }
  // The key that a token with this header was signed with: by its exact kid, or, for a token without one, the only key
  // that fits the algorithm. Null: none, or one that does not fit.
  const VerificationKey* find(std::optional<std::string_view> kid, JwsAlgorithm algorithm) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::vector<VerificationKey> keys_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_kid_;
};

}  // namespace pintle
