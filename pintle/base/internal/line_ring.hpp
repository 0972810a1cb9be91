// A bounded queue of lines for any number of writers and one reader, without locks (Vyukov's bounded queue).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <pintle/base/line_writer.hpp>

namespace pintle {

class LineRing {
 public:
  LineRing() {
    for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
  }

  // False when it is full, or out of memory. `tickets` numbers the lines of all rings. `filling` is set when half of it
  // is used.
  bool push(std::string_view line, std::atomic<std::uint64_t>& tickets, bool& filling) noexcept {
    if (bytes_.fetch_add(line.size()) + line.size() > LineWriter::kRingBytes) return give_back(line.size());
    std::size_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      const std::size_t turn = slots_[at % slots_.size()].turn.load(std::memory_order_acquire);
      if (turn == at) {
        if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) break;
      } else if (turn < at) {
        return give_back(line.size());
      } else {
        at = tail_.load(std::memory_order_relaxed);
      }
    }
    Slot& slot = slots_[at % slots_.size()];
    bool stored = true;
    try {
      slot.line.assign(line);
    } catch (...) {  // out of memory: the slot is claimed, and the reader finds it empty
      slot.line.clear();
      stored = give_back(line.size());
    }
    slot.ticket = tickets.fetch_add(1);
    slot.turn.store(at + 1);
    if (slots_[(at + kHalf) % slots_.size()].turn.load(std::memory_order_relaxed) < at + kHalf) filling = true;
    return stored;
  }

  // -- The reader -----------------------------------------------------------------------------------------------------

  // Whether there is a line now.
  bool ready() const noexcept { return slots_[head_ % slots_.size()].turn.load() == head_ + 1; }
  // Calls `take(ticket, line)` for the first line and removes it, unless its number is `horizon` or above. False: there
  // is no such line.
  template <class Take>
  bool pop(std::uint64_t horizon, Take take) {
    Slot& slot = slots_[head_ % slots_.size()];
    if (!ready() || slot.ticket >= horizon) return false;
    take(slot.ticket, std::string_view(slot.line));
    bytes_.fetch_sub(slot.line.size());
    if (slot.line.capacity() > kKeptLine) slot.line = std::string();
    slot.turn.store(head_ + slots_.size(), std::memory_order_release);
    ++head_;
    return true;
  }

 private:
  static constexpr std::size_t kHalf = LineWriter::kRingLines / 2;
  static constexpr std::size_t kKeptLine = 1024;  // bytes of memory that a free slot keeps

  struct Slot {
    std::atomic<std::size_t> turn;  // its place: to be written; one more: to be read
    std::uint64_t ticket = 0;
    std::string line;
  };
  bool give_back(std::size_t bytes) noexcept {
    bytes_.fetch_sub(bytes);
    return false;
  }

  std::array<Slot, LineWriter::kRingLines> slots_;
  alignas(64) std::atomic<std::size_t> tail_ = 0;
  std::atomic<std::size_t> bytes_ = 0;  // of the lines in it
  alignas(64) std::size_t head_ = 0;    // reader's
};

}  // namespace pintle
