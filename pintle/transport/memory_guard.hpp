// What keeps the connections of one loop within the memory budget of the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/http2/session.hpp>

namespace pintle::transport {

class Connection;
class Exchange;

// What the connections do by themselves while the budget's level is not ok: a greedy one, which holds more than its
// fair share, is not read from while its peer does not read either, gets no more window ahead for large messages, and
// whoever accepts its calls may ask it (Connection::is_greedy()) and refuse. What this adds:
//   near  streams of greedy connections that have not moved for kPatience are reset
//   over  of the greedy connections, or of all when none is, the streams that have waited longest are reset until there
//         is room again; then connections whose output has waited longest are ended
// A stream waits while bytes of it wait for the peer's window or for its reader here; 16 KiB that move begin it anew.
// Loop's thread only; outlives the connections.
class MemoryGuard {
 public:
  MemoryGuard(Loop& loop, std::shared_ptr<MemoryBudget> budget);
  MemoryGuard(const MemoryGuard&) = delete;

  MemoryAccount& account() { return account_; }
  const MemoryAccount& account() const { return account_; }
  // Called when streams were reset for want of room, with their number, the connections that were ended, and the bytes
  // that this freed. Must not throw.
  void on_shed(std::function<void(std::size_t streams, std::size_t connections, std::size_t bytes)> tell) {
    tell_ = std::move(tell);
  }
  // So far.
  std::uint64_t streams_shed() const { return streams_shed_; }
  std::uint64_t connections_shed() const { return connections_shed_; }

  static constexpr Duration kPatience = std::chrono::seconds(5);
  // How often it looks while the level is not ok.
  static constexpr Duration kPeriod = std::chrono::milliseconds(100);
  // While it is over the limit it looks when somebody queues more, at most once in this time.
  static constexpr Duration kPause = std::chrono::milliseconds(10);
  // When it makes room, it makes so much of the limit.
  static constexpr double kRoom = 0.1;

 private:
  friend class Connection;
  friend class Exchange;
  // What can be given up, and since when it waits.
  struct Waiting {
    TimePoint since;
    Connection* connection;
    http2::Stream* stream;  // null: the connection itself
  };
  struct Alarm : Timer {
    explicit Alarm(MemoryGuard& of)
        : Timer([](Timer* t) noexcept { static_cast<Alarm*>(t)->guard.look(); }), guard(of) {}
    MemoryGuard& guard;
  };
  void add(Connection& connection);
  void remove(Connection& connection) noexcept;
  // The level is not ok: looks again and again until it is.
  void watch() noexcept;
  void look() noexcept;
  // REQUIRES: nothing is being written to an exchange but `writing`, which is spared.
  void make_room(const Exchange* writing) noexcept;
  void shed_unmoved();
  // The longest first, until no more than `keep` bytes are held.
  void shed(std::vector<Waiting>& waiting, std::size_t keep);

  Loop& loop_;
  MemoryAccount account_;
  std::vector<Connection*> connections_;
  Alarm alarm_{*this};
  TimePoint looked_;
  std::function<void(std::size_t, std::size_t, std::size_t)> tell_;
  std::uint64_t streams_shed_ = 0, connections_shed_ = 0;
};

}  // namespace pintle::transport
