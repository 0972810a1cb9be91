// What a process says of the health of its services, apart from who asks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <pintle/async/watched.hpp>

namespace pintle {

// grpc.health.v1.HealthCheckResponse.ServingStatus of a name that is known.
enum class Health : std::uint8_t { unknown, serving, not_serving };

// By name: that of a service, "" for the server as a whole, or one that a probe asks for ("readiness").
using HealthMap = std::map<std::string, Health, std::less<>>;

// Any thread. Outlives the services that tell of it, and their calls.
class HealthStates {
 public:
  struct State {
    HealthMap map;
    bool shut_down = false;
  };
  HealthStates() = default;
  explicit HealthStates(HealthMap map) : watched_({std::move(map), false}) {}
  HealthStates(const HealthStates&) = delete;

  // One name; it is known from then on. Nothing happens after shut_down(), nor where nothing changes.
  void set(std::string_view name, Health health);
  // All names; those that are not among them are not known any more. Nothing happens as above.
  void set_all(HealthMap map);
  // Every name but `except` is NOT_SERVING for good; who watches is told, and the stream ends.
  void shut_down(std::string_view except = {});

  Snapshot<State> get() const { return watched_.get(); }
  const Watched<State>& watched() const { return watched_; }

 private:
  std::mutex mutex_;  // of those who change it
  Watched<State> watched_{State{}};
};

}  // namespace pintle
