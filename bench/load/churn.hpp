#pragma once

#include <list>
#include <string>

#include "driver.hpp"
#include "one_call.hpp"
#include "pace.hpp"

namespace pintle::bench {

struct ChurnOptions {
  std::uint16_t port = 0;
  SSL_CTX* tls = nullptr;
  std::size_t connections = 10;  // at the same time
  std::uint64_t rate = 500;      // new ones a second, at most
  std::uint64_t calls = 0;       // in all; 0: no bound
};

// A new connection for each call, its handshake included: what a connection costs. Below the rate at which the ports of
// the loopback interface run out, so that thousands of them leave room for other programs.
class Churn final : public Driver {
 public:
  // `plan` must outlive it.
  Churn(const ChurnOptions& options, const CallPlan& plan);
  ~Churn() override;
  void turn_until(std::uint64_t deadline) override;
  void stop() override { budget_.left = 0; }

 private:
  void begin();
  void watch(int operation, OneCall& call) const;

  ChurnOptions options_;
  const CallPlan& plan_;
  std::string authority_;
  int epoll_;
  Pace pace_;
  Budget budget_;
  std::list<OneCall> open_;
};

}  // namespace pintle::bench
