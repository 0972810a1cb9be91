// The services that a process offers beside the application's own, and the health that they tell of.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <pintle/app/dependency.hpp>
#include <pintle/app/lifecycle.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/services/channelz/channelz_service.hpp>
#include <pintle/services/health/health_states.hpp>

namespace pintle {

namespace config::v1 {
class Server;
}

class OwnServices {
 public:
  OwnServices() = default;
  OwnServices(const OwnServices&) = delete;

  // Those of the configuration that `services` does not have already, to be added to the server. `services` is the
  // server's list, which outlives this.
  std::vector<Service*> make(const config::v1::Server& settings, const std::vector<const ServiceInfo*>& services,
                             ChannelzSource* channelz = nullptr);

  // Tells what the rule says now (health_rule.hpp), or, once the process drains, that nothing is served. Any thread.
  void tell(const Lifecycle& lifecycle, std::span<const std::unique_ptr<Dependency>> dependencies);
  const HealthStates& health() const { return health_; }

 private:
  std::mutex telling_;  // what is known earlier is told earlier
  HealthStates health_;
  const std::vector<const ServiceInfo*>* services_ = nullptr;
  std::vector<std::unique_ptr<Service>> made_;
};

}  // namespace pintle
