#include <pintle/client/channel.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include <pintle/async/gather.hpp>
#include <pintle/client/endpoint_resolvers.hpp>
#include <pintle/client/internal/client_call.hpp>
#include <pintle/client/internal/loop_channel.hpp>
#include <pintle/client/internal/target_dialer.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/dns_resolver.hpp>
#include <pintle/rpc/chain.hpp>
#include <pintle/rpc/path_pattern.hpp>
#include <pintle/version.hpp>

namespace pintle {

namespace client {
namespace {

constexpr std::string_view kUserAgent = "pintle/" PINTLE_VERSION_STRING;

class ClientChannel final : public Channel {
 public:
  // `layers`: those of the options, in their order. `target`: for reports.
  ClientChannel(std::vector<Loop*> loops, std::shared_ptr<Dialer> dialer, ChannelOptions options,
                std::vector<const Layer*> layers, std::string_view target)
      : loops_(std::move(loops)), layers_(std::move(layers)), target_(target) {
    if (!options.random) options.random = system_random();
    auto common = std::make_shared<Common>(std::move(dialer), std::move(options), target);
    common_ = common;
    const ChannelOptions& told = common->options;
    if (told.connection.keepalive.time < kMinKeepaliveTime)
      told.log.warn("keepalive.time is below 10 s: 10 s are used", {{"server.address", told.authority}});
    user_agent_ = told.user_agent;
    if (!user_agent_.empty()) user_agent_ += ' ';
    user_agent_ += kUserAgent;
    if (told.health_service && (told.balancer != nullptr || told.resolver != nullptr))
      common->health_head = std::make_unique<const transport::PreparedBlock>(
          next_block_++, head_fields("/grpc.health.v1.Health/Watch", told, user_agent_));
    for (Loop* loop : loops_) {
      if (loop->index() >= loop_channels_.size()) loop_channels_.resize(loop->index() + 1);
      loop_channels_[loop->index()] = std::make_shared<LoopChannel>(*loop, common);
    }
  }

  ~ClientChannel() override {
    for (Loop* loop : loops_) {
      std::shared_ptr<LoopChannel> loop_channel = std::move(loop_channels_[loop->index()]);
      loop->post([loop_channel = std::move(loop_channel)] { loop_channel->shutdown(); });
    }
  }

  Handler& method(const MethodInfo& info) override {
    std::lock_guard lock(mutex_);
    if (auto it = methods_.find(info.path); it != methods_.end()) return *it->second->top;
    // A proxy sees whatever paths its callers think of.
    if (methods_.size() >= common_->options.max_methods) {
      if (others_ == nullptr) {
        MethodInfo any;
        any.path = any.name = "_OTHER";
        any.kind = Kind::bidi;
        others_ = make_method(any, "");
      }
      return *others_->top;
    }
    std::unique_ptr<Entry> entry = make_method(info, info.path);
    Entry& made = *entry;
    methods_.emplace(made.path, std::move(entry));
    return *made.top;
  }

  Task<Result<ChannelReport>> inspect() override {
    ChannelReport report;
    report.target = target_;
    report.authority = common_->options.authority;
    {
      std::lock_guard lock(mutex_);
      report.methods = methods_.size();
    }
    std::vector<std::shared_ptr<LoopChannel>> looked_at;
    for (const Loop* loop : loops_) looked_at.push_back(loop_channels_[loop->index()]);
    // Nothing of the channel itself from here on: it may go meanwhile.
    auto parts =
        co_await gather<LoopChannelReport>(loops_, [looked_at](std::size_t i) { return looked_at[i]->report(); });
    if (!parts) co_return std::move(parts).error();
    report.loops = std::move(*parts);
    co_return report;
  }

  MemoryAccount* memory(const Loop& loop) override {
    if (loop.index() >= loop_channels_.size()) return nullptr;
    transport::MemoryGuard* const guard = loop_channels_[loop.index()]->memory();
    return guard != nullptr ? &guard->account() : nullptr;
  }

  Loop& loop() override { return *loops_[next_loop_++ % loops_.size()]; }

 private:
  struct Entry {
    std::string path, service, name;
    MethodInfo info;
    std::unique_ptr<Handler> handler;
    Chain chain;
    std::unique_ptr<Defaults> defaults;
    std::unique_ptr<Handler> step;
    Handler* top = nullptr;
  };

  std::unique_ptr<Entry> make_method(const MethodInfo& info, std::string_view path) {
    auto entry = std::make_unique<Entry>();
    entry->path = info.path;
    entry->service = info.service;
    entry->name = info.name;
    entry->info = info;  // of a proxy it may be gone tomorrow; layers keep what they are given
    entry->info.path = entry->path;
    entry->info.service = entry->service;
    entry->info.name = entry->name;
    const ChannelOptions& told = common_->options;
    const auto settings = std::ranges::find_if(
        told.methods, [&](const MethodSettings& m) { return path_matches(m.pattern, entry->path); });
    const MethodSettings* const own = settings != told.methods.end() ? &*settings : nullptr;
    MessageLimits limits{.receive = told.max_receive_message, .send = SIZE_MAX};
    if (own != nullptr && own->max_receive_message) limits.receive = *own->max_receive_message;
    if (own != nullptr && own->max_send_message) limits.send = *own->max_send_message;
    auto transport = std::make_unique<TransportHandler>(path, loop_channels_, told, limits, next_block_++, user_agent_);
    auto slots = std::make_unique<SlotLayout>();
    Site site(Side::client, entry->info, *slots);
    site.loops = loop_channels_.size();
    site.log = common_->options.log;
    site.meters = common_->options.meters;
    site.clock = &loops_.front()->clock();
    site.random = common_->options.random;
    site.options = resolved_options(entry->info, common_->options.method_options);
    entry->chain = Chain::build(site, std::move(slots), *transport, layers_);
    entry->defaults = std::make_unique<Defaults>(entry->chain.slots(), told, own);
    if (entry->chain.bare())
      transport->apply_first(*entry->defaults);
    else
      entry->step = std::make_unique<DefaultsStep>(entry->chain.top(), *entry->defaults);
    entry->top = entry->step != nullptr ? entry->step.get() : transport.get();
    entry->handler = std::move(transport);
    return entry;
  }

  std::vector<Loop*> loops_;
  std::vector<const Layer*> layers_;
  std::string target_;
  std::shared_ptr<const Common> common_;
  std::string user_agent_;
  std::vector<std::shared_ptr<LoopChannel>> loop_channels_;  // by loop index
  std::mutex mutex_;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> methods_;  // guarded by mutex_
  std::unique_ptr<Entry> others_;  // of all paths above max_methods; guarded by mutex_
  std::uint32_t next_block_ = 1;   // guarded by mutex_
  std::atomic<std::size_t> next_loop_ = 0;
};

}  // namespace
}  // namespace client

namespace {

std::shared_ptr<EndpointResolver> endpoints_of(const net::Target& target) {
  if (target.kind == net::Target::Kind::dns) {
    DnsEndpointOptions options;
    options.dns.server = target.authority;
    return dns_endpoints(target.host, target.port, std::move(options));
  }
  std::vector<Endpoint> endpoints;
  for (const net::SockAddress& address : target.addresses) endpoints.emplace_back().addresses.push_back(address);
  return static_endpoints(std::move(endpoints));
}

Result<std::shared_ptr<Channel>> make(std::vector<Loop*> loops, std::shared_ptr<Dialer> dialer, ChannelOptions options,
                                      std::string_view target) {
  auto layers = order_layers(Side::client, options.layers);
  if (!layers) return std::unexpected(std::move(layers).error());
  for (const Layer* layer : *layers)
    if (layer->needs_tls() && options.tls == nullptr)
      return std::unexpected(
          Status(Code::invalid_argument,
                 fmt::format("the layer '{}' sends what nobody on the way may read, and the channel has no TLS",
                             layer->name()),
                 Origin::library));
  return std::make_shared<client::ClientChannel>(std::move(loops), std::move(dialer), std::move(options),
                                                 std::move(*layers), target);
}

}  // namespace

Result<std::shared_ptr<Channel>> make_channel(std::vector<Loop*> loops, std::shared_ptr<Dialer> dialer,
                                              ChannelOptions options) {
  return make(std::move(loops), std::move(dialer), std::move(options), "");
}

Result<std::shared_ptr<Channel>> make_channel(Runtime& runtime, std::string_view target, ChannelOptions options) {
  Result<net::Target> parsed = net::parse_target(target);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  if (options.authority.empty()) options.authority = parsed->default_authority;
  std::string host;
  if (options.tls != nullptr) {
    Result<net::HostPort> split = net::split_host_port(options.authority, 443);
    if (!split) return std::unexpected(std::move(split).error());
    host = std::move(split->host);
  }
  if (Status bad = net::DnsResolver::check_server(parsed->authority); !bad.ok()) return std::unexpected(std::move(bad));
  // A proxy looks names up itself, and only names: what is not one is connected to directly.
  std::optional<net::HttpProxy> proxy = options.proxy;
  if (parsed->kind != net::Target::Kind::dns || (proxy && !proxy->covers(parsed->host))) proxy.reset();
  // Who picks must see the endpoints one by one.
  if (options.balancer != nullptr && options.resolver == nullptr && !proxy) options.resolver = endpoints_of(*parsed);
  std::vector<Loop*> loops;
  loops.reserve(runtime.size());
  for (std::size_t i = 0; i < runtime.size(); ++i) loops.push_back(&runtime.loop(i));
  auto dialer = std::make_shared<client::TargetDialer>(std::move(*parsed), options.tls, std::move(host),
                                                       options.connection_attempt_delay, std::move(proxy));
  return make(std::move(loops), std::move(dialer), std::move(options), target);
}

}  // namespace pintle
