// The channels of a process: what its configuration plans, with what the process gives every one of them.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <pintle/app/clients.hpp>
#include <pintle/app/internal/client_settings.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/watched.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/base/observe.hpp>

namespace pintle {

// Outlives its channels' makers; any thread, unless a member says otherwise.
class ProcessClients {
 public:
  // What the process gives. `layers`: around every call; `attempt_metrics`: whether attempts are measured.
  struct Given {
    Logger log;
    std::shared_ptr<MemoryBudget> memory;
    std::vector<std::shared_ptr<const Layer>> layers;
    bool attempt_metrics = false;
  };
  ProcessClients(ClientPlans plans, Given given, Meters meters, Runtime& runtime);
  ProcessClients(const ProcessClients&) = delete;

  Clients& shared() { return shared_; }
  // One that nobody else has.
  Result<std::shared_ptr<Channel>> channel(std::string_view name_or_target);
  // Those of the section client.
  ChannelOptions options() const { return options_of(plans_.all, ""); }
  void measure_with(Meters meters) { meters_ = meters; }

  // Keeps the files and tokens of the plans fresh, and lets go of channels that nobody uses. On the loop of `env`,
  // once.
  void start(const Env& env, Nursery& tasks, const Watched<std::uint64_t>& asked);

 private:
  Clients::Plan plan(std::string_view name_or_target);
  ChannelOptions options_of(const ClientPlan& plan, std::string_view target,
                            std::shared_ptr<const BreakerLayer>* breakers = nullptr) const;
  void fetch_tokens(ClientPlan& plan);
  void keep_fresh(const ClientPlan& plan, const Env& env, Nursery& tasks, const Watched<std::uint64_t>& asked);
  static Task<void> releasing(Clients& clients);

  ClientPlans plans_;  // const once it is made
  const Given given_;
  Meters meters_;
  Runtime& runtime_;
  std::map<const ClientPlan*, std::shared_ptr<OAuth2Token>> tokens_;  // of plans that have some fetched
  Clients shared_;
};

}  // namespace pintle
