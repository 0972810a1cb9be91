#include <pintle/app/internal/process_clients.hpp>

#include <utility>

#include <pintle/app/internal/schema_values.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/net/resolver.hpp>
#include <pintle/net/tls_reload.hpp>
#include <pintle/telemetry/attempts/attempt_metrics_layer.hpp>
#include <pintle/transport/http1/http_fetcher.hpp>

namespace pintle {

using app::duration;

ProcessClients::ProcessClients(ClientPlans plans, Given given, Meters meters, Runtime& runtime)
    : plans_(std::move(plans)),
      given_(std::move(given)),
      meters_(meters),
      runtime_(runtime),
      shared_([this](std::string_view name_or_target) { return plan(name_or_target); }) {
  fetch_tokens(plans_.all);
  for (auto& [client, named] : plans_.named) fetch_tokens(named);
}

Result<std::shared_ptr<Channel>> ProcessClients::channel(std::string_view name_or_target) {
  auto made = plan(name_or_target).make();
  if (!made) return std::unexpected(std::move(made).error());
  return std::move(made->channel);
}

ChannelOptions ProcessClients::options_of(const ClientPlan& plan, std::string_view target,
                                          std::shared_ptr<const BreakerLayer>* breakers) const {
  ChannelOptions options = planned_options(plan, target, given_.log, breakers);
  options.proxy = plans_.proxy;
  options.meters = meters_;
  options.memory = given_.memory;
  options.layers.insert(options.layers.end(), given_.layers.begin(), given_.layers.end());
  if (given_.attempt_metrics) options.layers.push_back(std::make_shared<AttemptMetricsLayer>(std::string(target)));
  return options;
}

Clients::Plan ProcessClients::plan(std::string_view name_or_target) {
  const ClientPlan& of = plans_.of(name_or_target);
  std::string target = of.target.empty() ? std::string(name_or_target) : of.target;
  Clients::Plan plan;
  plan.named = !of.target.empty();
  plan.key = target + '\n' + of.settings_key;
  if (of.settings.has_idle_timeout()) plan.idle = duration(of.settings.idle_timeout());
  plan.make = [this, &of, target = std::move(target)]() -> Result<Clients::Made> {
    Clients::Made made;
    auto channel = make_channel(runtime_, target, options_of(of, target, &made.breakers));
    if (!channel) return std::unexpected(std::move(channel).error());
    made.channel = std::move(*channel);
    return made;
  };
  return plan;
}

void ProcessClients::fetch_tokens(ClientPlan& plan) {
  if (!plan.oauth2) return;
  auto fetcher = std::make_shared<HttpFetcher>(std::make_shared<net::SystemResolver>(), plan.oauth2_tls);
  auto token = std::make_shared<OAuth2Token>(*plan.oauth2, std::move(fetcher), runtime_.clock());
  plan.sends = token;
  tokens_.emplace(&plan, std::move(token));
}

void ProcessClients::start(const Env& env, Nursery& tasks, const Watched<std::uint64_t>& asked) {
  keep_fresh(plans_.all, env, tasks, asked);
  for (const auto& [client, plan] : plans_.named) keep_fresh(plan, env, tasks, asked);
  tasks.spawn(env, releasing(shared_));
}

// What a plan's files hold. A client whose TLS is another's is kept fresh by that one.
void ProcessClients::keep_fresh(const ClientPlan& plan, const Env& env, Nursery& tasks,
                                const Watched<std::uint64_t>& asked) {
  if (const auto oauth2 = tokens_.find(&plan); oauth2 != tokens_.end())
    tasks.spawn(env, oauth2->second->keep_fresh(given_.log));
  if (plan.tls != nullptr && (&plan == &plans_.all || plan.tls != plans_.all.tls))
    tasks.spawn(env, net::reload_every(plan.tls, duration(plan.settings.tls().reload_interval()), given_.log, &asked));
  if (plan.token == nullptr) return;
  const auto load = [token = plan.token](std::string* why) {
    const auto loaded = token->load();
    if (!loaded) *why = loaded.error().message();
    return !loaded ? net::Reload::failed : *loaded ? net::Reload::replaced : net::Reload::unchanged;
  };
  tasks.spawn(env, net::reload_every(load, duration(plan.settings.credentials().reload_interval()), given_.log, &asked,
                                     "token of a client"));
}

// Channels that nobody holds any more go, by and by.
Task<void> ProcessClients::releasing(Clients& clients) {
  const Env env = co_await current_env();
  while (!env.scope->cancelled()) {
    (void)co_await sleep_for(std::chrono::seconds(10));
    clients.release_unused(env.loop->now());
  }
}

}  // namespace pintle
