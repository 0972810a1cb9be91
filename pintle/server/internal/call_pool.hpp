// The calls of one loop, used again and again, with all the memory that each keeps for the next.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/server/internal/router.hpp>

namespace pintle::server {

class LoopServer;
class ServerCall;

// Owns them all, those that run included. While a method has more than kSpare to spare, half of what a second has not
// used goes. Loop's thread only.
class CallPool {
 public:
  CallPool(LoopServer& of, std::size_t methods);
  CallPool(const CallPool&) = delete;
  ~CallPool();

  ServerCall& take(const Method& method);
  void give_back(ServerCall& call) noexcept;
  std::size_t size() const { return all_.size(); }

  static constexpr std::size_t kSpare = 32;  // of each method, that stay
  static constexpr Duration kPeriod = std::chrono::seconds(1);

 private:
  struct Spare {
    std::vector<ServerCall*> calls;  // the last one in is the first one out
    std::size_t made = 0;            // those that run included: there is room for all of them
    std::size_t unused = 0;          // so many at its bottom were not needed since the last tidy()
  };
  struct Alarm : Timer {
    explicit Alarm(CallPool& of) : Timer([](Timer* t) noexcept { static_cast<Alarm*>(t)->pool.tidy(); }), pool(of) {}
    CallPool& pool;
  };
  void tidy();
  void tidy_later() noexcept;
  void destroy(ServerCall& call);

  LoopServer& loop_server_;
  std::vector<Spare> spare_;  // by method
  std::vector<std::unique_ptr<ServerCall>> all_;
  Alarm alarm_{*this};
};

}  // namespace pintle::server
