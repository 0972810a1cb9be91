#include <pintle/client/service_config.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <pintle/client/internal/balancer_config.hpp>
#include <pintle/client/internal/json_fields.hpp>
#include <pintle/client/options.hpp>
#include <pintle/resilience/hedging/hedging_layer.hpp>
#include <pintle/resilience/retry/retry_layer.hpp>

namespace pintle {

namespace {

using client::Fields;
using client::Wrong;

CodeSet codes(const Fields& of, std::string_view key) {
  CodeSet set;
  const auto* const list = of.list(key);
  if (list == nullptr) return set;
  for (std::size_t i = 0; i < list->size(); ++i) set.add(of.code(key, i, (*list)[i]));
  return set;
}

RetryPolicy retry_policy(const Fields& of) {
  RetryPolicy policy;
  policy.max_attempts = static_cast<int>(std::min<std::uint64_t>(of.required_whole("maxAttempts", 2), 5));
  policy.initial_backoff = of.required_duration("initialBackoff");
  policy.max_backoff = of.required_duration("maxBackoff");
  policy.multiplier = of.required_number("backoffMultiplier");
  if (policy.multiplier <= 0) of.wrong("backoffMultiplier", "it must be above 0");
  policy.codes = codes(of, "retryableStatusCodes");
  policy.per_attempt_timeout = of.duration("perAttemptRecvTimeout");
  if (policy.per_attempt_timeout && *policy.per_attempt_timeout <= Duration::zero())
    of.wrong("perAttemptRecvTimeout", "it must be above 0s");
  if (policy.codes.empty() && !policy.per_attempt_timeout)
    of.wrong("retryableStatusCodes", "at least one status code is needed");
  return policy;
}

HedgingPolicy hedging_policy(const Fields& of) {
  HedgingPolicy policy;
  policy.max_attempts = static_cast<int>(std::min<std::uint64_t>(of.required_whole("maxAttempts", 2), 5));
  policy.delay = of.duration("hedgingDelay").value_or(Duration::zero());
  policy.non_fatal = codes(of, "nonFatalStatusCodes");
  return policy;
}

MethodConfig method_config(const Fields& of) {
  MethodConfig config;
  if (const auto* const names = of.list("name")) {
    for (std::size_t i = 0; i < names->size(); ++i) {
      const Fields name = of.element("name", i, (*names)[i]);
      config.names.push_back({name.text("service").value_or(""), name.text("method").value_or("")});
      if (config.names.back().service.empty() && !config.names.back().method.empty())
        name.wrong("method", "it needs a service");
    }
  }
  config.wait_for_ready = of.truth("waitForReady");
  config.timeout = of.duration("timeout");
  config.max_request_bytes = of.whole("maxRequestMessageBytes");
  config.max_response_bytes = of.whole("maxResponseMessageBytes");
  if (const auto retry = of.object("retryPolicy")) config.retry = retry_policy(*retry);
  if (const auto hedging = of.object("hedgingPolicy")) config.hedging = hedging_policy(*hedging);
  if (config.retry && config.hedging)
    of.wrong("hedgingPolicy", "a method has a retryPolicy or a hedgingPolicy, not both");
  return config;
}

ServiceConfig service_config(const Fields& of) {
  ServiceConfig config;
  if (const auto* const methods = of.list("methodConfig")) {
    std::vector<MethodConfig::Name> seen;
    for (std::size_t i = 0; i < methods->size(); ++i) {
      const Fields one = of.element("methodConfig", i, (*methods)[i]);
      config.methods.push_back(method_config(one));
      for (const MethodConfig::Name& name : config.methods.back().names) {
        if (std::ranges::find(seen, name) != seen.end())
          one.wrong("name", fmt::format("'{}/{}' has a config already", name.service, name.method));
        seen.push_back(name);
      }
    }
  }
  if (const auto throttling = of.object("retryThrottling")) {
    RetryThrottling told;
    told.max_tokens = throttling->required_number("maxTokens");
    told.token_ratio = throttling->required_number("tokenRatio");
    if (!(told.max_tokens > 0 && told.max_tokens <= 1000)) throttling->wrong("maxTokens", "it must be in (0, 1000]");
    if (!(told.token_ratio > 0)) throttling->wrong("tokenRatio", "it must be above 0");
    config.throttling = told;
  }
  if (const auto health = of.object("healthCheckConfig")) config.health_service = health->text("serviceName");
  if (const auto* const policies = of.list("loadBalancingConfig")) {
    auto chosen = client::balancer_of(of, "loadBalancingConfig", *policies);
    config.balancer_name = std::move(chosen.name);
    config.balancer = std::move(chosen.factory);
  }
  return config;
}

// How much a pattern says: methods before services before all.
std::string pattern_of(const MethodConfig::Name& name) {
  if (name.service.empty()) return "*";
  return '/' + name.service + '/' + (name.method.empty() ? "*" : name.method);
}

struct Ranked {
  std::string pattern;
  const MethodConfig* config;
};

std::vector<Ranked> ranked(const ServiceConfig& config) {
  std::vector<Ranked> all;
  for (const int rank : {0, 1, 2})
    for (const MethodConfig& method : config.methods)
      for (const MethodConfig::Name& name : method.names)
        if (rank == (name.service.empty() ? 2 : name.method.empty() ? 1 : 0))
          all.push_back({pattern_of(name), &method});
  return all;
}

}  // namespace

Result<ServiceConfig> ServiceConfig::parse(std::string_view json) {
  boost::system::error_code bad;
  const boost::json::value value = boost::json::parse({json.data(), json.size()}, bad);
  if (bad)
    return std::unexpected(
        Status(Code::invalid_argument, "service config: it is no JSON: " + bad.message(), Origin::library));
  try {
    return service_config(Fields(value, ""));
  } catch (const Wrong& wrong) {
    return std::unexpected(
        Status(Code::invalid_argument, fmt::format("service config: {}", wrong.what()), Origin::library));
  }
}

const MethodConfig* ServiceConfig::of(std::string_view service, std::string_view method) const {
  const MethodConfig *by_service = nullptr, *by_all = nullptr;
  for (const MethodConfig& config : methods) {
    for (const MethodConfig::Name& name : config.names) {
      if (name.service == service && name.method == method) return &config;
      if (name.service == service && name.method.empty()) by_service = &config;
      if (name.service.empty()) by_all = &config;
    }
  }
  return by_service != nullptr ? by_service : by_all;
}

void apply(const ServiceConfig& config, ChannelOptions& options, const Resilience& otherwise) {
  if (config.balancer != nullptr) options.balancer = config.balancer;
  if (config.health_service) options.health_service = config.health_service;
  RetryOptions retry;
  HedgingOptions hedging;
  const auto throttling = config.throttling ? config.throttling : otherwise.throttling;
  if (throttling)
    retry.throttle = hedging.throttle =
        std::make_shared<RetryThrottle>(throttling->max_tokens, throttling->token_ratio);
  hedging.budget = otherwise.budget;
  retry.target = hedging.target = otherwise.target;
  HedgingPolicy once;
  once.max_attempts = 1;
  std::vector<MethodSettings> settings;
  for (const auto& [pattern, method] : ranked(config)) {
    MethodSettings& one = settings.emplace_back(pattern);
    one.timeout = method->timeout;
    one.wait_for_ready = method->wait_for_ready;
    if (method->max_request_bytes) one.max_send_message = static_cast<std::size_t>(*method->max_request_bytes);
    if (method->max_response_bytes) one.max_receive_message = static_cast<std::size_t>(*method->max_response_bytes);
    RetryRule& rule = retry.rules.emplace_back(pattern, method->retry ? method->retry : otherwise.retry);
    rule.only_idempotent = !method->retry && otherwise.only_idempotent;
    rule.leave = method->hedging.has_value();
    hedging.rules.emplace_back(pattern, method->hedging.value_or(once));
  }
  for (const HedgingRule& rule : otherwise.hedging) {
    retry.rules.emplace_back(rule.pattern, std::nullopt).leave = true;
    hedging.rules.push_back(rule);
  }
  if (otherwise.retry) retry.rules.emplace_back("*", otherwise.retry).only_idempotent = otherwise.only_idempotent;
  settings.insert(settings.end(), options.methods.begin(), options.methods.end());
  options.methods = std::move(settings);
  if (std::ranges::any_of(hedging.rules, [](const HedgingRule& r) { return r.policy.attempts() > 1; }))
    options.layers.push_back(std::make_shared<HedgingLayer>(std::move(hedging)));
  options.layers.push_back(std::make_shared<RetryLayer>(std::move(retry)));
}

}  // namespace pintle
