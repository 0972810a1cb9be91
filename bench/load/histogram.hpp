#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace pintle::bench {

// Durations in nanoseconds, log-linear: 64 buckets for each power of two, so a quantile is wrong by 1.6 % at the most.
class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++buckets_[bucket(nanoseconds)];
    ++count_;
  }
  void clear() { *this = Histogram(); }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  // The value that a share `q` (0 to 1) of the durations does not exceed, as the middle of its bucket; 0 when empty.
  [[nodiscard]] double quantile(double q) const {
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(q * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (count_ != 0 && seen >= rank) return middle(i);
    }
    return 0;
  }

 private:
  static constexpr unsigned kBits = 6;
  static constexpr std::size_t kPerPower = 1U << kBits;
  static constexpr std::size_t kBuckets = kPerPower * (40 - kBits + 1);  // up to 2^40 ns, eighteen minutes

  static std::size_t bucket(std::uint64_t value) {
    if (value < kPerPower) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return std::min(kBuckets - 1, (std::size_t{shift} << kBits) + (value >> shift));
  }
  static double middle(std::size_t bucket) {
    if (bucket < 2 * kPerPower) return static_cast<double>(bucket);
    const unsigned shift = static_cast<unsigned>(bucket >> kBits) - 1;
    const std::uint64_t low = ((bucket & (kPerPower - 1)) + kPerPower) << shift;
    return static_cast<double>(low) + static_cast<double>(std::uint64_t{1} << shift) / 2;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace pintle::bench
