#include <pintle/client/endpoint_resolvers.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include <pintle/async/event.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/async/task.hpp>

namespace pintle {

namespace {

class StaticEndpoints final : public EndpointResolver {
 public:
  explicit StaticEndpoints(std::vector<Endpoint> endpoints) : endpoints_(std::move(endpoints)) {}
  std::unique_ptr<Watch> watch(Loop& loop, Listener& listener) override {
    auto watching = std::make_unique<Watching>(listener);
    loop.post([listens = std::weak_ptr(watching->listener), endpoints = endpoints_] {
      if (const auto listener = listens.lock()) (*listener)->on_endpoints(endpoints);
    });
    return watching;
  }

 private:
  struct Watching final : Watch {
    explicit Watching(Listener& l) : listener(std::make_shared<Listener*>(&l)) {}
    void refresh() override {}
    const std::shared_ptr<Listener*> listener;
  };
  const std::vector<Endpoint> endpoints_;
};

// What the loops of a channel share.
struct DnsName {
  DnsName(std::string h, std::uint16_t p, DnsEndpointOptions o)
      : host(std::move(h)), port(p), options(std::move(o)), resolver(options.dns) {}

  struct Known {
    net::DnsAnswer answer;
    TimePoint at;
  };
  // An answer that is young enough not to be asked for again.
  std::optional<Known> young(TimePoint now) {
    const std::lock_guard lock(mutex);
    if (!known || now - known->at >= options.min_interval) return std::nullopt;
    return known;
  }
  void keep(const net::DnsAnswer& answer, TimePoint at) {
    const std::lock_guard lock(mutex);
    known = Known{answer, at};
  }

  const std::string host;
  const std::uint16_t port;
  const DnsEndpointOptions options;
  const net::DnsResolver resolver;
  std::mutex mutex;
  std::optional<Known> known;  // guarded by mutex
};

class DnsWatch final : public EndpointResolver::Watch {
 public:
  DnsWatch(std::shared_ptr<DnsName> name, Loop& loop, EndpointResolver::Listener& listener)
      : state_(std::make_shared<State>(std::move(name), listener)) {
    run(state_, loop).start({&loop, &state_->scope, nullptr});
  }
  ~DnsWatch() override {
    state_->listener = nullptr;
    state_->scope.cancel(Status(Code::cancelled, "nobody watches any more", Origin::library));
  }
  void refresh() override { state_->wanted.set(); }

 private:
  struct State {
    State(std::shared_ptr<DnsName> n, EndpointResolver::Listener& l) : name(std::move(n)), listener(&l) {}
    const std::shared_ptr<DnsName> name;
    EndpointResolver::Listener* listener;  // null: nobody listens any more
    CancelScope scope;
    Event wanted;
  };

  static Root run(std::shared_ptr<State> state, Loop& loop) {
    const DnsEndpointOptions& options = state->name->options;
    Duration retry = options.first_retry;
    (void)co_await sleep_for(Duration::zero());  // not inside watch()
    while (state->listener != nullptr) {
      Status failed;
      std::optional<DnsName::Known> known = state->name->young(loop.now());
      if (!known) {
        auto answer = co_await state->name->resolver.look_up(state->name->host, state->name->port);
        if (state->listener == nullptr) break;
        if (answer) {
          state->name->keep(*answer, loop.now());
          known = DnsName::Known{std::move(*answer), loop.now()};
        } else {
          failed = answer.error();
        }
      }
      if (!known) {
        state->listener->on_error(failed);
        (void)co_await sleep_for(retry);
        retry = std::min(retry * 2, options.max_retry);
        continue;
      }
      retry = options.first_retry;
      state->wanted.reset();
      state->listener->on_endpoints(endpoints(known->answer));
      const TimePoint may = known->at + options.min_interval;
      const TimePoint must = known->at + std::clamp(known->answer.ttl, options.min_interval,
                                                    std::max(options.min_interval, options.max_interval));
      co_await first_of(state->wanted.wait(), sleep_for(must - loop.now()));
      if (may > loop.now()) (void)co_await sleep_for(may - loop.now());
    }
  }

  static std::vector<Endpoint> endpoints(const net::DnsAnswer& answer) {
    std::vector<Endpoint> all;
    for (const net::SockAddress& address : answer.addresses) {
      Endpoint endpoint;
      endpoint.addresses.push_back(address);
      all.push_back(std::move(endpoint));
    }
    return all;
  }

  const std::shared_ptr<State> state_;
};

class DnsEndpoints final : public EndpointResolver {
 public:
  explicit DnsEndpoints(std::shared_ptr<DnsName> name) : name_(std::move(name)) {}
  std::unique_ptr<Watch> watch(Loop& loop, Listener& listener) override {
    return std::make_unique<DnsWatch>(name_, loop, listener);
  }

 private:
  const std::shared_ptr<DnsName> name_;
};

}  // namespace

std::shared_ptr<EndpointResolver> static_endpoints(std::vector<Endpoint> endpoints) {
  return std::make_shared<StaticEndpoints>(std::move(endpoints));
}

std::shared_ptr<EndpointResolver> dns_endpoints(std::string host, std::uint16_t port, DnsEndpointOptions options) {
  return std::make_shared<DnsEndpoints>(std::make_shared<DnsName>(std::move(host), port, std::move(options)));
}

}  // namespace pintle
