// The key-value pairs that travel beside a call's messages: request metadata, response head, response trailers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle {

// An ordered multimap. Keys are lower-case `[0-9a-z_.-]+`; a key that ends in "-bin" carries any bytes (the wire rooms
// do the base64), every other value printable ASCII. Repeated keys keep their order. All bytes live in one run of
// memory that clear() keeps, so a pooled Metadata allocates nothing in steady use, and an empty one never did.
// Views that it hands out are valid until it is next changed. Not thread-safe.
class Metadata {
  // Before each entry's key and value.
  struct Lengths {
    std::uint32_t key, value;
  };

 public:
  struct Entry {
    std::string_view key, value;
  };

  Metadata() = default;
  Metadata(const Metadata& other);
  Metadata(Metadata&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)),
        used_(std::exchange(other.used_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        count_(std::exchange(other.count_, 0)) {}
  Metadata& operator=(Metadata other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(used_, other.used_);
    std::swap(capacity_, other.capacity_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Metadata() {
    if (bytes_ != nullptr) std::free(bytes_);
  }

  // Appends. REQUIRES: valid_key(key); other keys are refused where the metadata meet the wire. The views may be into
  // this very object. Throws std::length_error when all entries together would exceed 2 GiB.
  Metadata& add(std::string_view key, std::string_view value);
  // Removes every entry of that key, then appends.
  Metadata& set(std::string_view key, std::string_view value);
  void remove(std::string_view key);
  void clear() { used_ = count_ = 0; }

  // The first value of the key.
  std::optional<std::string_view> get(std::string_view key) const;
  // Every value of the key, in order.
  std::vector<std::string_view> all(std::string_view key) const;

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  class iterator {
   public:
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    explicit iterator(const char* at) : at_(at) {}
    Entry operator*() const {
      const Lengths n = lengths();
      const char* key = at_ + sizeof(Lengths);
      return {{key, n.key}, {key + n.key, n.value}};
    }
    iterator& operator++() {
      const Lengths n = lengths();
      at_ += sizeof(Lengths) + n.key + n.value;
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    Lengths lengths() const {
      Lengths n;
      std::memcpy(&n, at_, sizeof n);
      return n;
    }
    const char* at_ = nullptr;
  };
  iterator begin() const { return iterator(bytes_); }
  iterator end() const { return iterator(bytes_ + used_); }

  // Lower case letters, digits, '_', '-' and '.', at least one; wire::is_protocol_field() knows which are reserved.
  static bool valid_key(std::string_view key);
  // Printable ASCII, space included (grpc/doc/PROTOCOL-HTTP2.md, ASCII-Value).
  static bool valid_ascii_value(std::string_view value);
  static bool is_binary(std::string_view key) { return key.ends_with("-bin"); }

 private:
  char* bytes_ = nullptr;
  std::uint32_t used_ = 0, capacity_ = 0, count_ = 0;
};

}  // namespace pintle
