#include <pintle/security/authn/token_cache.hpp>

#include <utility>

#include <openssl/sha.h>

namespace pintle {

TokenCache::Digest TokenCache::digest_of(std::string_view token) {
  Digest digest;
  static_assert(sizeof digest == SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::shared_ptr<const Identity> TokenCache::find(std::string_view token, std::uint64_t epoch, WallTime now) {
  if (entries_.empty()) return nullptr;
  const auto found = by_digest_.find(digest_of(token));
  if (found == by_digest_.end()) return nullptr;
  const auto entry = found->second;
  const auto expiry = entry->identity->expiry();
  if (entry->epoch != epoch || (expiry && now >= *expiry)) {
    by_digest_.erase(found);
    entries_.erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->identity;
}

void TokenCache::store(std::string_view token, std::uint64_t epoch, std::shared_ptr<const Identity> identity) {
  if (most_ == 0) return;
  const Digest digest = digest_of(token);
  if (const auto found = by_digest_.find(digest); found != by_digest_.end()) {
    entries_.erase(found->second);
    by_digest_.erase(found);
  }
  if (entries_.size() >= most_) {
    by_digest_.erase(entries_.back().digest);
    entries_.pop_back();
  }
  entries_.push_front({digest, epoch, std::move(identity)});
  by_digest_.emplace(digest, entries_.begin());
}

}  // namespace pintle
