#include <pintle/security/jwt/key_set.hpp>

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/core.h>

#include <pintle/security/jwt/internal/strict_json.hpp>

namespace pintle {

KeySet::KeySet(std::vector<VerificationKey> keys) : keys_(std::move(keys)) {
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (!keys_[i].kid().empty()) by_kid_.emplace(keys_[i].kid(), i);
}

std::expected<KeySet, std::string> KeySet::from_jwks(std::string_view text, std::vector<std::string>* left_out) {
  const auto document = jwt::parse_object(text);
  if (!document) return std::unexpected("it is no JSON object, or one that can be read in two ways");
  const boost::json::value* list = document->if_contains("keys");
  if (list == nullptr || !list->is_array()) return std::unexpected("it has no array `keys`");
  std::vector<VerificationKey> keys;
  std::size_t index = 0;
  for (const boost::json::value& one : list->get_array()) {
    auto key = VerificationKey::from_jwk(boost::json::serialize(one));
    if (key) {
      for (const VerificationKey& other : keys)
        if (!key->kid().empty() && other.kid() == key->kid()) return std::unexpected("it has two keys of one kid");
      keys.push_back(std::move(*key));
    } else if (left_out != nullptr) {
      left_out->push_back(fmt::format("keys[{}]: {}", index, key.error()));
    }
    ++index;
  }
  if (keys.empty()) return std::unexpected("it has no key that can be used");
  return KeySet(std::move(keys));
}

std::expected<KeySet, std::string> KeySet::from_text(std::string_view text, std::vector<std::string>* left_out) {
  if (!text.starts_with("-----BEGIN ")) return from_jwks(text, left_out);
  auto key = VerificationKey::from_pem(text);
  if (!key) return std::unexpected(std::move(key).error());
  return KeySet({std::move(*key)});
}

const VerificationKey* KeySet::find(std::optional<std::string_view> kid, JwsAlgorithm algorithm) const {
  if (kid) {
    const auto found = by_kid_.find(*kid);
    if (found == by_kid_.end()) {
      // A key without a name of its own, such as one of a PEM file, is meant by every name where it is the only one.
      if (keys_.size() == 1 && keys_.front().kid().empty() && keys_.front().fits(algorithm)) return &keys_.front();
      return nullptr;
    }
    const VerificationKey& key = keys_[found->second];
    return key.fits(algorithm) ? &key : nullptr;
  }
  const VerificationKey* only = nullptr;
  for (const VerificationKey& key : keys_) {
    if (!key.fits(algorithm)) continue;
    if (only != nullptr) return nullptr;
    only = &key;
  }
  return only;
}

}  // namespace pintle
