#include <pintle/base/metadata.hpp>

#include <algorithm>
#include <climits>
#include <new>
#include <stdexcept>

namespace pintle {

Metadata::Metadata(const Metadata& other) {
  if (other.empty()) return;
  bytes_ = static_cast<char*>(std::malloc(other.used_));
  if (bytes_ == nullptr) throw std::bad_alloc();
  std::memcpy(bytes_, other.bytes_, other.used_);
  used_ = capacity_ = other.used_;
  count_ = other.count_;
}

Metadata& Metadata::add(std::string_view key, std::string_view value) {
  const std::size_t needed = used_ + sizeof(Lengths) + key.size() + value.size();
  char* old = nullptr;  // the views may lie in it
  if (needed > capacity_) {
    if (needed > INT32_MAX) throw std::length_error("metadata of more than 2 GiB");
    const auto wanted = std::max({needed, capacity_ * std::size_t{2}, std::size_t{256}});
    auto* fresh = static_cast<char*>(std::malloc(wanted));
    if (fresh == nullptr) throw std::bad_alloc();
    if (used_ != 0) std::memcpy(fresh, bytes_, used_);
    old = std::exchange(bytes_, fresh);
    capacity_ = static_cast<std::uint32_t>(wanted);
  }
  const Lengths n{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
  char* at = bytes_ + used_;
  std::memcpy(at, &n, sizeof n);
  std::memcpy(at + sizeof n, key.data(), key.size());
  if (!value.empty()) std::memcpy(at + sizeof n + key.size(), value.data(), value.size());
  std::free(old);
  used_ = static_cast<std::uint32_t>(needed);
  ++count_;
  return *this;
}

Metadata& Metadata::set(std::string_view key, std::string_view value) {
  const std::string key_copy(key), value_copy(value);  // either may be a view into this very object
  remove(key_copy);
  return add(key_copy, value_copy);
}

void Metadata::remove(std::string_view key) {
  Metadata kept;
  for (Entry entry : *this)
    if (entry.key != key) kept.add(entry.key, entry.value);
  *this = std::move(kept);
}

std::optional<std::string_view> Metadata::get(std::string_view key) const {
  for (Entry entry : *this)
    if (entry.key == key) return entry.value;
  return std::nullopt;
}

std::vector<std::string_view> Metadata::all(std::string_view key) const {
  std::vector<std::string_view> values;
  for (Entry entry : *this)
    if (entry.key == key) values.push_back(entry.value);
  return values;
}

bool Metadata::valid_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool Metadata::valid_ascii_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace pintle
