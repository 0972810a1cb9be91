#include <pintle/server/server.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

#include <pintle/async/gather.hpp>
#include <pintle/net/listener.hpp>
#include <pintle/server/internal/loop_listener.hpp>
#include <pintle/server/internal/loop_server.hpp>
#include <pintle/server/internal/router.hpp>
#include <pintle/server/internal/server_call.hpp>

namespace pintle {

struct Server::Impl {
  std::vector<Loop*> loops;
  ServerOptions options;
  server::Router router;
  std::vector<server::NamedLayers> chains{server::NamedLayers("")};
  std::vector<std::unique_ptr<server::LoopServer>> loop_servers;  // one per loop
  const server::Selection everything;
  std::vector<std::unique_ptr<server::LoopListener>> unlisted;  // for connections that others made; one per loop

  struct Listening {
    server::Selection selection;
    std::vector<std::unique_ptr<server::LoopListener>> per_loop;  // one per loop
    std::unique_ptr<net::Listener> listener;
  };
  std::mutex mutex;
  std::vector<std::unique_ptr<Listening>> listenings;  // guarded by mutex

  // The drain: first every loop, then the listeners, so that whoever still comes is told rather than refused.
  struct Drain {
    std::atomic<std::size_t> loops_left, listeners_left;
    std::function<void()> done;
  };
  void close_listeners(const std::shared_ptr<Drain>& d) {
    std::lock_guard lock(mutex);
    d->listeners_left = listenings.size() + 1;
    const auto one_less = [d] {
      if (d->listeners_left.fetch_sub(1) == 1) d->done();
    };
    for (auto& listening : listenings) listening->listener->close(one_less);
    loops.front()->post(one_less);
  }
  struct Grace : Timer {
    explicit Grace(server::LoopServer& of)
        : Timer([](Timer* t) noexcept { static_cast<Grace*>(t)->loop_server.abort(); }), loop_server(of) {}
    server::LoopServer& loop_server;
  };
  std::vector<std::unique_ptr<Grace>> graces;
  std::shared_ptr<Drain> drain;

  server::NamedLayers& chain(std::string_view name) {
    auto it = std::ranges::find(chains, name, &server::NamedLayers::name);
    return it != chains.end() ? *it : chains.emplace_back(name);
  }
  std::size_t place_of(Loop& loop) const {
    return static_cast<std::size_t>(std::ranges::find(loops, &loop) - loops.begin());
  }
};

namespace {

std::vector<Loop*> loops_of(Runtime& runtime) {
  std::vector<Loop*> loops;
  loops.reserve(runtime.size());
  for (std::size_t i = 0; i < runtime.size(); ++i) loops.push_back(&runtime.loop(i));
  return loops;
}

}  // namespace

Server::Server(std::vector<Loop*> loops, ServerOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->loops = std::move(loops);
  impl_->options = std::move(options);
  if (!impl_->options.random) impl_->options.random = system_random();
}

Server::Server(Runtime& runtime, ServerOptions options) : Server(loops_of(runtime), std::move(options)) {}

Server::~Server() = default;

Status Server::add(Service& service) { return impl_->router.add(service); }

void Server::add_chain(std::string_view chain) { impl_->chain(chain); }

void Server::add_layer(std::shared_ptr<const Layer> layer, std::string_view chain) {
  impl_->chain(chain).layers.push_back(std::move(layer));
}

void Server::measure_with(Meters meters) { impl_->options.meters = meters; }

void Server::set_fallback(std::unique_ptr<Handler> handler) { impl_->router.set_fallback(std::move(handler)); }

Status Server::start() {
  const ServerOptions& options = impl_->options;
  Status compiled = impl_->router.compile(impl_->chains, [&](Site& site) {
    site.loops = impl_->loops.size();
    site.log = options.log;
    site.meters = options.meters;
    site.clock = &impl_->loops.front()->clock();
    site.random = options.random;
    site.options = resolved_options(site.method, options.method_options);
  });
  if (!compiled.ok()) return compiled;
  for (Loop* loop : impl_->loops) {
    impl_->loop_servers.push_back(std::make_unique<server::LoopServer>(*loop, impl_->router, impl_->options));
    impl_->unlisted.push_back(std::make_unique<server::LoopListener>(*impl_->loop_servers.back(), impl_->everything));
    impl_->graces.push_back(std::make_unique<Impl::Grace>(*impl_->loop_servers.back()));
  }
  return {};
}

Result<net::SockAddress> Server::listen(const net::SockAddress& address, ListenOptions options) {
  auto selection = impl_->router.select(options.services, options.chain);
  if (!selection) return std::unexpected(std::move(selection).error());
  auto listening = std::make_unique<Impl::Listening>();
  listening->selection = std::move(*selection);
  for (auto& loop_server : impl_->loop_servers)
    listening->per_loop.push_back(std::make_unique<server::LoopListener>(*loop_server, listening->selection, options));

  net::ListenerOptions limits;
  limits.log = impl_->options.log;
  limits.max_connections = impl_->options.max_connections;
  limits.max_per_ip = impl_->options.max_connections_per_ip;
  const auto enter = [this, &per_loop = listening->per_loop](std::unique_ptr<net::ByteStream> stream) {
    server::LoopListener& listener = *per_loop[impl_->place_of(stream->loop())];
    listener.enter(std::move(stream));
  };
  auto listener = net::Listener::listen(address, impl_->loops, enter, limits);
  if (!listener) return std::unexpected(std::move(listener).error());
  const net::SockAddress bound = (*listener)->address();
  (*listener)->start();
  listening->listener = std::move(*listener);
  std::lock_guard lock(impl_->mutex);
  impl_->listenings.push_back(std::move(listening));
  return bound;
}

void Server::serve(std::unique_ptr<net::ByteStream> stream) {
  server::LoopListener& listener = *impl_->unlisted[impl_->place_of(stream->loop())];
  listener.enter(std::move(stream));
}

void Server::drain(Duration grace, std::function<void()> done) {
  const Duration patience = std::min<Duration>(std::chrono::seconds(1), grace / 5);
  bool first;
  {
    std::lock_guard lock(impl_->mutex);
    first = impl_->drain == nullptr;
    if (first) {
      impl_->drain = std::make_shared<Impl::Drain>();
      impl_->drain->loops_left = impl_->loops.size();
      impl_->drain->done = std::move(done);
    }
  }
  auto drain = impl_->drain;
  for (std::size_t i = 0; i < impl_->loops.size(); ++i) {
    impl_->loops[i]->post([this, i, grace, patience, first, drain] {
      server::LoopServer& loop_server = *impl_->loop_servers[i];
      Impl::Grace& timer = *impl_->graces[i];
      const TimePoint end = Deadline::after(loop_server.loop().now(), grace).at();
      if (!timer.armed() || end < timer.at()) loop_server.loop().arm(timer, end);
      if (!first) return;
      loop_server.drain(patience, [this, drain] {
        if (drain->loops_left.fetch_sub(1) == 1) impl_->close_listeners(drain);
      });
    });
  }
}

std::vector<MethodChain> Server::chains() const { return impl_->router.chains(); }

const std::vector<const ServiceInfo*>& Server::services() const { return impl_->router.services(); }

Task<Result<ServerReport>> Server::inspect() const {
  // A listener stays once it is there, so a loop may look at those that were there when it was asked.
  struct Part {
    LoopServerReport loop;
    std::vector<std::size_t> handshakes;  // by listener
  };
  std::vector<Impl::Listening*> listenings;
  {
    std::lock_guard lock(impl_->mutex);
    for (auto& listening : impl_->listenings) listenings.push_back(listening.get());
  }
  auto parts = co_await gather<Part>(impl_->loops, [impl = impl_.get(), listenings](std::size_t i) {
    Part part;
    part.loop = impl->loop_servers[i]->report();
    for (const auto* listening : listenings) part.handshakes.push_back(listening->per_loop[i]->handshakes());
    return part;
  });
  if (!parts) co_return std::move(parts).error();
  ServerReport report;
  for (Part& part : *parts) report.loops.push_back(std::move(part.loop));
  for (std::size_t n = 0; n < listenings.size(); ++n) {
    const net::Listener& listener = *listenings[n]->listener;
    const net::Listener::Counts counts = listener.counts();
    ListenerReport& r = report.listeners.emplace_back();
    r.address = listener.address().to_string();
    r.accepted = counts.accepted;
    r.refused = counts.refused;
    r.pauses = counts.pauses;
    r.open = counts.open;
    for (const Part& part : *parts) r.handshakes += part.handshakes[n];
  }
  co_return report;
}

std::size_t Server::connections() const {
  std::size_t n = 0;
  for (auto& loop_server : impl_->loop_servers) n += loop_server->connections();
  return n;
}

}  // namespace pintle
