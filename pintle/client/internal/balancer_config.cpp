#include <pintle/client/internal/balancer_config.hpp>

#include <utility>

#include <fmt/format.h>

#include <pintle/client/balancing/least_request.hpp>
#include <pintle/client/balancing/outlier_detection.hpp>
#include <pintle/client/balancing/random_subset.hpp>
#include <pintle/client/balancing/ring_hash.hpp>
#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/client/internal/pick_first.hpp>

namespace pintle::client {

namespace {

using Factory = std::shared_ptr<const BalancerFactory>;

struct PickFirstFactory final : BalancerFactory {
  std::unique_ptr<Balancer> make(BalancerHost&) const override { return std::make_unique<PickFirst>(); }
};

std::uint32_t whole(const Fields& of, std::string_view key, std::uint32_t otherwise, std::uint32_t most = UINT32_MAX) {
  const auto told = of.whole(key);
  if (told && *told > most) of.wrong(key, fmt::format("it may be {} at most", most));
  return told ? static_cast<std::uint32_t>(*told) : otherwise;
}

Factory child(const Fields& of) {
  const auto* const list = of.list("childPolicy");
  if (list == nullptr) of.wrong("childPolicy", "a list of policies is needed");
  return balancer_of(of, "childPolicy", *list).factory;
}

Factory least_request_of(const Fields& of) {
  LeastRequestOptions options;
  options.choices = std::min<std::uint32_t>(whole(of, "choiceCount", 2), 10);
  if (options.choices < 2) of.wrong("choiceCount", "it must be 2 at least");
  return least_request(options);
}

Factory ring_hash_of(const Fields& of) {
  RingHashOptions options;
  options.key = of.text("requestHashHeader").value_or("");
  options.min_size = whole(of, "minRingSize", 1024, 8'388'608);
  options.max_size = whole(of, "maxRingSize", 4096, 8'388'608);
  if (options.min_size == 0) of.wrong("minRingSize", "it must be above 0");
  if (options.max_size < options.min_size) of.wrong("maxRingSize", "it must not be below minRingSize");
  return ring_hash(std::move(options));
}

Factory outlier_detection_of(const Fields& of) {
  OutlierOptions options;
  options.success_rate.reset();
  options.interval = of.duration("interval").value_or(options.interval);
  options.base_ejection_time = of.duration("baseEjectionTime").value_or(options.base_ejection_time);
  options.max_ejection_time = of.duration("maxEjectionTime").value_or(options.max_ejection_time);
  options.max_ejection_percent = whole(of, "maxEjectionPercent", options.max_ejection_percent, 100);
  if (options.interval <= Duration::zero()) of.wrong("interval", "it must be above 0s");
  if (const auto told = of.object("successRateEjection")) {
    OutlierSuccessRate& rule = options.success_rate.emplace();
    rule.stdev_factor = whole(*told, "stdevFactor", rule.stdev_factor);
    rule.enforcement_percentage = whole(*told, "enforcementPercentage", rule.enforcement_percentage, 100);
    rule.minimum_hosts = whole(*told, "minimumHosts", rule.minimum_hosts);
    rule.request_volume = whole(*told, "requestVolume", rule.request_volume);
  }
  if (const auto told = of.object("failurePercentageEjection")) {
    OutlierFailurePercentage& rule = options.failure_percentage.emplace();
    rule.threshold = whole(*told, "threshold", rule.threshold, 100);
    rule.enforcement_percentage = whole(*told, "enforcementPercentage", rule.enforcement_percentage, 100);
    rule.minimum_hosts = whole(*told, "minimumHosts", rule.minimum_hosts);
    rule.request_volume = whole(*told, "requestVolume", rule.request_volume);
  }
  return outlier_detection(options, child(of));
}

Factory random_subset_of(const Fields& of) {
  const std::uint32_t size = whole(of, "subsetSize", 0);
  if (size == 0) of.wrong("subsetSize", "it must be above 0");
  return random_subset(size, static_cast<std::uint64_t>(system_random()() * 1.8e19), child(of));
}

// Null: nobody knows it.
Factory made(std::string_view name, const Fields& of) {
  if (name.ends_with("_experimental")) name.remove_suffix(std::string_view("_experimental").size());
  if (name == "pick_first") return std::make_shared<PickFirstFactory>();
  if (name == "round_robin") return round_robin();
  if (name == "weighted_round_robin") return weighted_round_robin();
  if (name == "least_request") return least_request_of(of);
  if (name == "ring_hash") return ring_hash_of(of);
  if (name == "outlier_detection") return outlier_detection_of(of);
  if (name == "random_subsetting") return random_subset_of(of);
  return nullptr;
}

}  // namespace

ChosenBalancer balancer_of(const Fields& of, std::string_view key, const boost::json::array& policies) {
  std::string names;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const Fields one = of.element(key, i, policies[i]);
    if (one.all().size() != 1) of.wrong(fmt::format("{}[{}]", key, i), "an object with one policy is expected");
    const auto& [name, value] = *one.all().begin();
    const std::string_view text(name.data(), name.size());
    if (Factory factory = made(text, *one.object(text))) return {std::string(text), std::move(factory)};
    names += names.empty() ? "" : ", ";
    names += text;
  }
  of.wrong(key, fmt::format("none of its policies is known here: {}", names.empty() ? "there are none" : names));
}

}  // namespace pintle::client
