// A growable run of bytes that is filled at its end and drained from its front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace pintle {

// Not thread-safe. Pointers and spans into it are valid until the next call that is not const. Memory is kept when it
// is drained, so a buffer in steady use allocates nothing; shrink() gives back what a burst left behind.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t capacity) { reserve(capacity); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) release(data_, capacity_);  // most calls' never had any
  }

  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }
  const std::byte* data() const { return data_ + begin_; }
  std::byte* data() { return data_ + begin_; }
  std::span<const std::byte> bytes() const { return {data_ + begin_, size()}; }

  // Room for `n` more bytes at the end, uninitialised; commit(n) makes them part of the buffer.
  std::byte* prepare(std::size_t n) {
    if (capacity_ - end_ < n) reserve(n);
    return data_ + end_;
  }
  void commit(std::size_t n) { end_ += n; }
  // prepare() and commit() in one.
  std::byte* extend(std::size_t n) {
    std::byte* at = prepare(n);
    end_ += n;
    return at;
  }
  void append(const void* from, std::size_t n) {
    if (n != 0) std::memcpy(extend(n), from, n);
  }
  void append(std::span<const std::byte> from) { append(from.data(), from.size()); }
  void append(std::string_view from) { append(from.data(), from.size()); }
  void push_back(std::byte b) { *extend(1) = b; }

  // Room for `n` more bytes before the first, uninitialised; nothing moves where so many were consumed there.
  std::byte* prepend(std::size_t n) {
    if (begin_ < n) {
      const std::size_t used = size();
      std::memmove(extend(n) - used + n, data(), used);
      return data();
    }
    begin_ -= n;
    return data();
  }
  // Drops `n` bytes from the front. REQUIRES: n <= size().
  void consume(std::size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Drops bytes from the end, so that size() is `n`. REQUIRES: n <= size().
  void truncate(std::size_t n) { end_ = begin_ + n; }
  void clear() { begin_ = end_ = 0; }

  // Frees the memory when the buffer is empty and holds more than `keep` bytes of it.
  void shrink(std::size_t keep) {
    if (!empty() || capacity_ <= keep) return;
    release(data_, capacity_);
    data_ = nullptr;
    capacity_ = begin_ = end_ = 0;
  }

 private:
  // The allocator puts every large block at the same place in its page. A copy from one to the other would then load
  // just behind what it has stored, modulo 4 KiB, and x86 processors take the one for the other: half as fast.
  static std::size_t shift_of(std::size_t capacity) { return capacity >= 64 * 1024 ? 2048 : 0; }
  static void release(std::byte* data, std::size_t capacity) {
    if (data != nullptr) std::free(data - shift_of(capacity));
  }

  // Makes room for `n` more bytes: by moving to the front when that halves the waste, by growing twofold otherwise.
  void reserve(std::size_t n) {
    const std::size_t used = size();
    if (begin_ >= used && capacity_ - used >= n && begin_ != 0) {
      std::memmove(data_, data_ + begin_, used);
    } else {
      std::size_t wanted = capacity_ < 256 ? 256 : capacity_ * 2;
      if (wanted < used + n) wanted = used + n;
      const std::size_t shift = shift_of(wanted);
      auto* fresh = static_cast<std::byte*>(std::malloc(wanted + shift));
      if (fresh == nullptr) throw std::bad_alloc();
      fresh += shift;
      if (used != 0) std::memcpy(fresh, data_ + begin_, used);
      release(data_, capacity_);
      data_ = fresh;
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
  }

  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace pintle
