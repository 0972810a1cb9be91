// A TCP proxy that does to connections what networks do: takes its time, loses them, stops, says nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace pintle::testing {

// How it treats bytes and connections from now on.
struct Faults {
  Faults() = default;
  std::chrono::milliseconds latency{};  // of each piece, one way
  std::size_t bytes_per_second = 0;     // each way of each connection; 0: as many as come
  bool stalls = false;                  // bytes that come stay where they are, in both directions
  bool refuses = false;                 // new connections are closed at once, with a reset
  double reset_chance = 0;              // of each piece that passes: the connection is reset instead
};

// Between 127.0.0.1 and a port of it, on a thread of its own. Any thread may change the faults while it works.
class FaultProxy {
 public:
  // Throws std::system_error when it can't listen.
  explicit FaultProxy(std::uint16_t to_port, std::uint64_t seed = 1);
  FaultProxy(const FaultProxy&) = delete;
  ~FaultProxy();

  std::uint16_t port() const { return port_; }
  void set(const Faults& faults);
  // Resets all connections that there are.
  void reset_all() {
    reset_all_ = true;
    wake();
  }
  std::uint64_t connections() const { return accepted_; }
  std::uint64_t resets() const { return resets_; }

 private:
  struct Pipe;
  struct Link;
  void work();
  void wake();
  Faults faults() const;

  const std::uint16_t to_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1, wake_ = -1;
  std::uint64_t chance_;
  mutable std::mutex mutex_;
  Faults faults_;  // guarded by mutex_
  std::atomic<bool> stop_ = false, reset_all_ = false;
  std::atomic<std::uint64_t> accepted_ = 0, resets_ = 0;
  std::thread thread_;
};

}  // namespace pintle::testing
