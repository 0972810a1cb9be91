#include <pintle/services/health/health_states.hpp>

#include <utility>

namespace pintle {

void HealthStates::set(std::string_view name, Health health) {
  std::lock_guard lock(mutex_);
  State state = *watched_.get();
  if (state.shut_down) return;
  if (const auto [at, added] = state.map.try_emplace(std::string(name), health);
      !added && std::exchange(at->second, health) == health)
    return;
  watched_.set(std::move(state));
}

void HealthStates::set_all(HealthMap map) {
  std::lock_guard lock(mutex_);
  const Snapshot<State> now = watched_.get();
  if (now->shut_down || now->map == map) return;
  watched_.set({std::move(map), false});
}

void HealthStates::shut_down(std::string_view except) {
  std::lock_guard lock(mutex_);
  State state = *watched_.get();
  if (std::exchange(state.shut_down, true)) return;
  for (auto& [name, health] : state.map)
    if (except.empty() || name != except) health = Health::not_serving;
  watched_.set(std::move(state));
}

}  // namespace pintle
