#include <pintle/app/internal/own_services.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include <pintle/app/health_rule.hpp>
#include <pintle/config/v1/server.pb.h>
#include <pintle/services/health/health_service.hpp>
#include <pintle/services/reflection/reflection_service.hpp>

namespace pintle {

std::vector<Service*> OwnServices::make(const config::v1::Server& settings,
                                        const std::vector<const ServiceInfo*>& services, ChannelzSource* channelz) {
  services_ = &services;
  std::vector<Service*> wanted;
  const auto offer = [&](std::unique_ptr<Service> service) {
    if (std::ranges::find(services, service->info().name, &ServiceInfo::name) != services.end()) return;
    wanted.push_back(made_.emplace_back(std::move(service)).get());
  };
  if (settings.health()) offer(make_health_service(health_));
  if (settings.reflection()) {
    offer(make_reflection_service(services));
    offer(make_reflection_service_v1alpha(services));
  }
  if (settings.channelz() && channelz != nullptr) offer(make_channelz_service(*channelz));
  return wanted;
}

void OwnServices::tell(const Lifecycle& lifecycle, std::span<const std::unique_ptr<Dependency>> dependencies) {
  std::lock_guard lock(telling_);
  if (lifecycle.draining()) return health_.shut_down(kLiveness);
  std::vector<DependencyFact> facts;
  for (const auto& dependency : dependencies) {
    const DependencyOptions& options = dependency->options();
    facts.push_back({dependency->state().get()->ok(), options.critical, options.services});
  }
  std::vector<std::string_view> names;
  for (const ServiceInfo* service : *services_) names.push_back(service->name);
  health_.set_all(health_of(names, lifecycle.phase() == Phase::serving, facts));
}

}  // namespace pintle
