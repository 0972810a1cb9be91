#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pintle::bench {

// From the id of an open stream to its slot: open addressing with linear probing, no allocation after construction.
class StreamMap {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // Holds at most `streams` ids at a time.
  explicit StreamMap(std::size_t streams) : cells_(std::bit_ceil(streams * 4)), mask_(cells_.size() - 1) {}

  void insert(std::uint32_t id, std::uint32_t slot) {
    std::size_t at = home(id);
    while (cells_[at].id != 0) at = (at + 1) & mask_;
    cells_[at] = {id, slot};
  }

  [[nodiscard]] std::uint32_t find(std::uint32_t id) const {
    for (std::size_t at = home(id); cells_[at].id != 0; at = (at + 1) & mask_) {
      if (cells_[at].id == id) return cells_[at].slot;
    }
    return kNone;
  }

  void erase(std::uint32_t id) {
    std::size_t hole = home(id);
    while (cells_[hole].id != id) {
      if (cells_[hole].id == 0) return;
      hole = (hole + 1) & mask_;
    }
    // The cells behind the hole move up unless that would bring them before their home.
    for (std::size_t at = (hole + 1) & mask_; cells_[at].id != 0; at = (at + 1) & mask_) {
      if (((at - home(cells_[at].id)) & mask_) < ((at - hole) & mask_)) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = {};
  }

 private:
  struct Cell {
    std::uint32_t id = 0;
    std::uint32_t slot = kNone;
  };
  [[nodiscard]] std::size_t home(std::uint32_t id) const { return (id >> 1) & mask_; }

  std::vector<Cell> cells_;
  std::size_t mask_;
};

}  // namespace pintle::bench
