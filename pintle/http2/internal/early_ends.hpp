// Streams that we ended while the peer might still send: what it may send by rights until it knows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <pintle/http2/session.hpp>

namespace pintle::http2 {

// A newer stream takes the place of one that is kSlots streams older: its late frames are then judged without it.
class EarlyEnds {
 public:
  // `window`: bytes that were left of the stream's receive window.
  void add(StreamId id, std::uint32_t window) {
    if (slots_ == nullptr) slots_ = std::make_unique<Slots>();
    slot(id) = {.id = id, .left = window};
  }
  // What is left for the peer to send; null for a stream that is not known. Good until the next add() or forget().
  std::uint32_t* find(StreamId id) { return slots_ != nullptr && slot(id).id == id ? &slot(id).left : nullptr; }
  // The peer has ended the stream, too. False for a stream that is not known.
  bool forget(StreamId id) {
    if (find(id) == nullptr) return false;
    slot(id) = {};
    return true;
  }

 private:
  static constexpr std::size_t kSlots = 512;

  struct Slot {
    StreamId id = 0;
    std::uint32_t left = 0;
  };
  using Slots = std::array<Slot, kSlots>;

  Slot& slot(StreamId id) { return (*slots_)[(id >> 1) % kSlots]; }

  std::unique_ptr<Slots> slots_;  // made for the first stream: most connections never need it
};

}  // namespace pintle::http2
