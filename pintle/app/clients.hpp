// The channels of a process: one for each target and settings, shared by all who call it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>
#include <pintle/resilience/breaker/breaker_layer.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle {

// Any thread.
class Clients {
 public:
  struct Made {
    std::shared_ptr<Channel> channel;
    std::shared_ptr<const BreakerLayer> breakers;  // null: it has none
  };
  // What a name, or a target, means. Two with the same key are the same channel.
  struct Plan {
    std::string key;
    bool named = false;               // the configuration has that name
    Duration idle = Duration::max();  // for how long a channel that nobody holds is kept
    std::function<Result<Made>()> make;
  };
  using Planner = std::function<Plan(std::string_view name_or_target)>;
  explicit Clients(Planner plan) : plan_(std::move(plan)) {}
  Clients(const Clients&) = delete;

  // A channel that the configuration names (clients.channels), or else one to that target with the settings of the
  // section client. The same one for the same target and settings, for as long as somebody holds it and for
  // client.idle_timeout longer. INVALID_ARGUMENT when the target can't be read.
  Result<std::shared_ptr<Channel>> channel(std::string_view name_or_target);

  // The same of a name alone: INVALID_ARGUMENT where the configuration has none like it, instead of a target that
  // nobody meant.
  Result<std::shared_ptr<Channel>> named(std::string_view name);

  // The circuit breakers of such a channel, for operators: `clients.breakers("items")->find("calls")->isolate()`. They
  // exist from the first call of a method on. Null: the channel is not there, or has none.
  std::shared_ptr<const BreakerLayer> breakers(std::string_view name_or_target) const;

  // Those that there are now.
  std::vector<std::shared_ptr<Channel>> all() const;
  // Lets go of those that nobody else has held since `now` less their idle time. For its owner, now and then.
  void release_unused(TimePoint now);
  // Lets go of all of them.
  void clear();

 private:
  Result<std::shared_ptr<Channel>> channel_of(Plan plan);

  struct Entry {
    Made made;
    Duration idle;
    std::optional<TimePoint> unused_since;
  };
  const Planner plan_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // by key; guarded by mutex_
};

}  // namespace pintle
