#include <pintle/app/health_rule.hpp>

#include <algorithm>

namespace pintle {

HealthMap health_of(std::span<const std::string_view> services, bool serving, std::span<const DependencyFact> facts) {
  const auto health = [&](auto needs) {
    const bool down = std::ranges::any_of(
        facts, [&](const DependencyFact& fact) { return fact.critical && !fact.up && needs(fact.services); });
    return serving && !down ? Health::serving : Health::not_serving;
  };
  HealthMap map;
  for (const std::string_view service : services)
    map[std::string(service)] =
        health([&](auto named) { return named.empty() || std::ranges::find(named, service) != named.end(); });
  map[""] = map[std::string(kReadiness)] = health([](auto named) { return named.empty(); });
  map[std::string(kLiveness)] = Health::serving;
  return map;
}

}  // namespace pintle
