#pragma once

#include <memory>
#include <vector>

#include <sys/epoll.h>

#include "connection.hpp"
#include "driver.hpp"

namespace pintle::bench {

struct SteadyOptions {
  std::uint16_t port = 0;
  SSL_CTX* tls = nullptr;
  std::size_t connections = 10;
  std::size_t streams = 10;  // open calls on each
  std::uint64_t calls = 0;   // in all; 0: no bound
  bool spin = false;         // poll instead of sleeping
};

// A closed loop: the same connections from beginning to end, and on each the same number of open calls.
class Steady final : public Driver {
 public:
  // `plan` must outlive it.
  Steady(const SteadyOptions& options, const CallPlan& plan);
  ~Steady() override;
  void turn_until(std::uint64_t deadline) override;
  void stop() override { budget_.left = 0; }

 private:
  void serve(const epoll_event& event);
  [[nodiscard]] bool finished() const;

  SteadyOptions options_;
  int epoll_;
  Budget budget_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace pintle::bench
