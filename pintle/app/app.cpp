#include <pintle/app/app.hpp>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/ranges.h>
#include <unistd.h>

#include <pintle/app/endpoints.hpp>
#include <pintle/app/internal/admin_ports.hpp>
#include <pintle/app/internal/background.hpp>
#include <pintle/app/internal/client_settings.hpp>
#include <pintle/app/internal/crash.hpp>
#include <pintle/app/internal/heap.hpp>
#include <pintle/app/internal/hold_watch.hpp>
#include <pintle/app/internal/limit_layers.hpp>
#include <pintle/app/internal/operator_pages.hpp>
#include <pintle/app/internal/own_layers.hpp>
#include <pintle/app/internal/own_services.hpp>
#include <pintle/app/internal/process_clients.hpp>
#include <pintle/app/internal/schema_values.hpp>
#include <pintle/app/internal/security.hpp>
#include <pintle/app/internal/security_settings.hpp>
#include <pintle/app/internal/telemetry.hpp>
#include <pintle/app/internal/telemetry_settings.hpp>
#include <pintle/app/log.hpp>
#include <pintle/app/settings.hpp>
#include <pintle/async/cpu_quota.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/signals.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/config/v1/config.pb.h>
#include <pintle/net/tls_reload.hpp>
#include <pintle/server/server.hpp>
#include <pintle/services/admin/admin_server.hpp>
#include <pintle/telemetry/metrics/metric_registry.hpp>
#include <pintle/version.hpp>

namespace pintle {

namespace {

using app::duration;

constexpr std::string_view kVersion = PINTLE_VERSION_STRING;
// For what runs on after it was cancelled.
constexpr Duration kLastPatience = std::chrono::seconds(1);

// What a process has before it starts anything.
struct Prepared {
  ConfigInput input;
  Config config;
  Endpoints endpoints;
  std::string key_log_file;
  TelemetrySettings telemetry;
  SecuritySettings security;
  std::vector<std::shared_ptr<const Layer>> limits;
  ClientPlans clients;
};

Prepared prepare(std::string_view name, int argc, const char* const* argv, const std::vector<ConfigSection>& sections,
                 const ConfigCheck& check) {
  const char* file = std::getenv("SSLKEYLOGFILE");  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
  const std::string key_log_file = file == nullptr ? "" : file;
  ConfigInput input = ConfigInput::of_process(argc, argv);
  Endpoints made;
  TelemetrySettings telemetry;
  SecuritySettings security;
  std::vector<std::shared_ptr<const Layer>> limits;
  ClientPlans clients;
  auto config = configure(name, kVersion, sections, input, [&](const Config& c) -> std::vector<ConfigError> {
    auto errors = check ? check(c) : std::vector<ConfigError>();
    const auto variable = [](const std::string& called) -> std::optional<std::string> {
      const char* value = std::getenv(called.c_str());  // NOLINT(concurrency-mt-unsafe): as above
      return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
    };
    auto told = telemetry_settings(name, c, variable);
    if (told)
      telemetry = std::move(*told);
    else
      std::ranges::move(told.error(), std::back_inserter(errors));
    auto guarded = security_settings(c, [&](const std::string& path) { return input.read_file(path); });
    if (guarded)
      security = std::move(*guarded);
    else
      std::ranges::move(guarded.error(), std::back_inserter(errors));
    auto limited = limit_layers(c);
    if (limited)
      limits = std::move(*limited);
    else
      std::ranges::move(limited.error(), std::back_inserter(errors));
    if (auto bad = faults_of(c.get<config::v1::Admin>())) errors.push_back(std::move(*bad));
    auto looked = endpoints(c.get<config::v1::Server>(), c.get<config::v1::Client>(), key_log_file);
    if (looked)
      made = std::move(*looked);
    else
      std::ranges::move(looked.error(), std::back_inserter(errors));
    if (!looked) return errors;
    auto planned = client_plans(
        c, made.tls, key_log_file, [&](const std::string& path) { return input.read_file(path); }, variable);
    if (planned)
      clients = std::move(*planned);
    else
      std::ranges::move(planned.error(), std::back_inserter(errors));
    return errors;
  });
  if (config) {
    const std::size_t threads = config->get<config::v1::Server>().threads();
    limit_heaps(threads != 0 ? threads : default_threads());  // the log has a thread of its own
    return {std::move(input),     std::move(*config),  std::move(made),   key_log_file,
            std::move(telemetry), std::move(security), std::move(limits), std::move(clients)};
  }
  std::fputs(config.error().out.c_str(), stdout);
  std::fflush(stdout);
  std::fputs(config.error().err.c_str(), stderr);
  std::exit(config.error().code);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
}

Level level_of(config::v1::LogLevel level) {
  switch (level) {
    case config::v1::LOG_LEVEL_DEBUG:
      return Level::debug;
    case config::v1::LOG_LEVEL_WARN:
      return Level::warn;
    case config::v1::LOG_LEVEL_ERROR:
      return Level::error;
    default:
      return Level::info;
  }
}

LogFormat format_of(config::v1::LogFormat format) {
  switch (format) {
    case config::v1::LOG_FORMAT_TEXT:
      return LogFormat::text;
    case config::v1::LOG_FORMAT_ECS:
      return LogFormat::ecs;
    case config::v1::LOG_FORMAT_GCP:
      return LogFormat::gcp;
    default:
      return LogFormat::json;
  }
}

std::unique_ptr<LogQueue> exported_lines(const TelemetrySettings& settings, LogSink& sink) {
  if (!settings.exports() || !settings.push_logs) return nullptr;
  return std::make_unique<LogQueue>(sink, settings.max_queue, settings.max_batch);
}

MetricOptions metric_options(const Runtime& runtime) {
  MetricOptions options;
  options.shards = runtime.size() + 2;
  return options;
}

}  // namespace

struct App::Impl final : ChannelzSource {
  Impl(std::string_view app_name, Prepared prepared)
      : name(app_name),
        input(std::move(prepared.input)),
        config(std::move(prepared.config)),
        settings(config.get<config::v1::Server>()),
        sink(STDERR_FILENO, format_of(config.get<config::v1::Log>().format()),
             level_of(config.get<config::v1::Log>().level())),
        lines(exported_lines(prepared.telemetry, sink)),
        log(lines != nullptr ? static_cast<LogSink*>(lines.get()) : &sink),
        runtime(runtime_options(settings)),
        memory(memory_budget(settings)),
        registry(metric_options(runtime)),
        errors(name),
        telemetry(std::move(prepared.telemetry), runtime.clock(), log, Meters(&registry)),
        security(std::move(prepared.security), runtime.clock(), log, Meters(&registry)),
        layers(config.get<config::v1::Telemetry>(), telemetry.layer(), security.layers(std::move(prepared.limits)),
               settings.validation()),
        server(runtime, server_options()),
        clients(std::move(prepared.clients), given_to_clients(), Meters(&registry), runtime),
        listen_on(std::move(prepared.endpoints.ports)) {
    const bool any = prepared.endpoints.tls != nullptr ||
                     std::ranges::any_of(listen_on, [](const Port& p) { return p.options.tls != nullptr; });
    if (any && !prepared.key_log_file.empty())
      log.warn("SSLKEYLOGFILE is set: whoever reads that file can read every connection",
               {{"file", prepared.key_log_file}});
  }

  ServerOptions server_options() const {
    ServerOptions options = pintle::server_options(settings, log);
    options.memory = memory;
    options.meters = Meters(&registry);
    options.exceptions = [this](const std::exception_ptr& thrown) { return errors.judge(thrown); };
    return options;
  }
  ProcessClients::Given given_to_clients() const {
    ProcessClients::Given given{.log = log, .memory = memory, .layers = layers.client};
    if (auto attempts = telemetry.attempt_layer()) given.layers.push_back(std::move(attempts));
    const config::v1::Metrics& metrics = config.get<config::v1::Telemetry>().metrics();
    given.attempt_metrics = metrics.enabled() && metrics.grpc_names();
    return given;
  }
  Task<Result<ServerReport>> server_report() override { co_return co_await server.inspect(); }
  std::vector<std::shared_ptr<Channel>> channels() override { return clients.shared().all(); }
  Status add_own_services();
  void add_own_layers();
  Status open_admin_ports();
  int print_chain();
  int explain_policy();
  Task<Status> tell_health_of(const Dependency& dependency);
  void start_reloading();
  void on_signal(int number);
  void on_stop_asked(std::string_view by);
  void reload();
  void begin_to_drain(Duration lame_duck_time);
  void drain(Duration grace);
  bool wait_until_drained();
  [[noreturn]] void leave_handlers_behind();

  std::string name;
  ConfigInput input;
  std::vector<ConfigSection> sections;
  Config config;
  const config::v1::Server& settings;
  StreamLog sink;
  std::unique_ptr<LogQueue> lines;  // those that are exported; null: none are
  Logger log;
  Runtime runtime;
  std::shared_ptr<MemoryBudget> memory;
  HeapTrimmer heap{runtime.loop(0), runtime.workers(), memory};
  Lifecycle lifecycle;
  std::vector<std::unique_ptr<Dependency>> dependencies;
  struct Hook {
    std::string name;
    BackgroundTask task;
  };
  std::vector<Hook> start_hooks, stop_hooks;
  Status run_hook(std::string_view hook, BackgroundTask& task);
  void run_stop_hook(Hook& hook);
  mutable MetricRegistry registry;
  ErrorTable errors;
  Telemetry telemetry;
  Security security;
  const OwnLayers layers;
  OwnServices own_services;
  Background background{runtime, lifecycle, log};
  Server server;
  ProcessClients clients;
  std::vector<Port> listen_on;
  Meters meters{&registry};
  std::set<std::string, std::less<>> chains = {""};  // that the program has named
  std::optional<ProcessView> view;
  std::unique_ptr<AdminServer> admin;

  // What runs beside the server for as long as the process does. First loop's thread.
  Watched<std::uint64_t> reload_asked{0};
  struct Reloading {
    CancelScope scope;
    Nursery tasks;
  } reloading;
  static Task<void> end(Impl& self) {
    self.heap.stop();
    self.reloading.scope.cancel(Status(Code::cancelled, "the process ends", Origin::library), CancelCause::shutdown);
    co_await self.reloading.tasks.join();
  }
  // Ends what runs on the loops, and the loops. Again: nothing.
  void stop() {
    if (std::exchange(stopped, true)) return;
    lifecycle.enter(Phase::stopped);
    admin.reset();
    clients.shared().clear();
    sync_wait(runtime.loop(0), end(*this));
    telemetry.disconnect();
    runtime.stop();
    runtime.join();
    hold_watch.reset();
  }
  std::optional<HoldWatch> hold_watch;  // null: nobody asked for it
  void watch_loops();
  bool stopped = false;

  struct LameDuck : Timer {
    explicit LameDuck(Impl& of)
        : Timer([](Timer* t) noexcept {
            Impl& self = static_cast<LameDuck*>(t)->app;
            self.drain(duration(self.settings.shutdown_grace()));
          }),
          app(of) {}
    Impl& app;
  };
  std::optional<LameDuck> lame_duck;
  struct GraceOver : Timer {
    explicit GraceOver(Impl& of)
        : Timer([](Timer* t) noexcept { static_cast<GraceOver*>(t)->app.background.cancel(); }), app(of) {}
    Impl& app;
  };
  std::optional<GraceOver> grace_over;
  std::unique_ptr<SignalWatch> signals;
  int signals_seen = 0;   // first loop's thread
  bool draining = false;  // first loop's thread

  std::mutex mutex;
  std::condition_variable changed;
  bool listening = false, stop_asked = false, drained = false;  // guarded by mutex
  Deadline patience;                                            // guarded by mutex: for handlers, once it drains
};

void App::Impl::start_reloading() {
  Loop& loop = runtime.loop(0);
  loop.post([this, &loop] {
    heap.start();
    const Env env{&loop, &reloading.scope, nullptr};
    telemetry.start(env, reloading.tasks, registry, lines.get());
    security.start(env, reloading.tasks, reload_asked);
    for (const Port& port : listen_on)
      if (port.options.tls != nullptr)
        reloading.tasks.spawn(env, net::reload_every(port.options.tls, port.reload_interval, log, &reload_asked));
    clients.start(env, reloading.tasks, reload_asked);
  });
}

void App::Impl::watch_loops() {
  if (!settings.has_loop_hold()) return;
  std::vector<Loop*> loops;
  for (std::size_t i = 0; i < runtime.size(); ++i) loops.push_back(&runtime.loop(i));
  hold_watch.emplace(std::move(loops), duration(settings.loop_hold()), runtime.clock(), log, Meters(&registry));
}

Status App::Impl::add_own_services() {
  for (Service* service : own_services.make(settings, server.services(), this))
    if (Status added = server.add(*service); !added.ok()) return added;
  own_services.tell(lifecycle, dependencies);
  return {};
}

void App::Impl::add_own_layers() {
  for (const std::string& chain : chains)
    for (const auto& layer : layers.server) server.add_layer(layer, chain);
}

// What throws has failed.
Status App::Impl::run_hook(std::string_view hook, BackgroundTask& task) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is waited for here
  const auto run = [&]() -> Task<Status> {
    try {
      co_return co_await task(lifecycle);
    } catch (const std::exception& e) {
      co_return Status(Code::unknown, e.what(), Origin::library);
    } catch (...) {
      co_return Status(Code::unknown, "an exception left it", Origin::library);
    }
  };
  Status status = sync_wait(runtime.loop(0), run());
  if (!status.ok()) log.error("a hook failed", {{"hook", hook}, {"error", status.to_string()}});
  return status;
}

void App::Impl::run_stop_hook(Hook& hook) {
  const Duration patience = duration(settings.shutdown_grace());
  BackgroundTask bounded = [&](const Lifecycle& now) -> Task<Status> {
    auto first = co_await first_of(hook.task(now), sleep_for(patience));
    if (first.index() == 0) co_return std::get<0>(std::move(first));
    co_return Status(Code::deadline_exceeded, "it took longer than server.shutdown_grace", Origin::library);
  };
  static_cast<void>(run_hook(hook.name, bounded));
}

int App::Impl::print_chain() {
  for (const MethodChain& method : server.chains())
    fmt::print("{}{}{}: {}\n", method.chain, method.chain.empty() ? "" : " ", method.path,
               fmt::join(method.layers, " > "));
  std::fflush(stdout);
  stop();
  return 0;
}

int App::Impl::explain_policy() {
  const std::string& wanted = config.subject();
  int code = 1;
  for (const ServiceInfo* service : server.services())
    for (const MethodInfo& method : service->methods)
      if (method.path == wanted) {
        fmt::print("{}", security.authorization().explanation(method, resolved_options(method, {})));
        code = 0;
      }
  if (code != 0) fmt::print(stderr, "{}: no method has the path {}; --print-chain lists them\n", name, wanted);
  std::fflush(stdout);
  stop();
  return code;
}

// One that nobody chose may be taken by another process of this machine: that is no reason not to serve.
Status App::Impl::open_admin_ports() {
  view.emplace(ProcessView{name, config, sink, log, runtime, server, lifecycle, dependencies, own_services.health(),
                           registry, *memory, [this] { runtime.loop(0).post([this] { on_stop_asked("admin"); }); }});
  const auto& wanted = config.get<config::v1::Admin>();
  auto opened = AdminServer::start(admin_ports(wanted, *view), log);
  if (!opened && wanted.enabled() && config.origin("admin.port") == "default") {
    log.warn("no pages for operators: their port is taken",
             {{"key", "admin.port"}, {"error", opened.error().message()}});
    config::v1::Admin without = wanted;
    without.set_enabled(false);
    opened = AdminServer::start(admin_ports(without, *view), log);
  }
  if (!opened) return std::move(opened).error();
  admin = std::move(*opened);
  return {};
}

Task<Status> App::Impl::tell_health_of(const Dependency& dependency) {
  while (!lifecycle.draining()) {
    const auto seen = dependency.state().get().version;
    own_services.tell(lifecycle, dependencies);
    co_await first_of(dependency.state().changed(seen), lifecycle.reached(Phase::draining));
    if (const CancelScope* scope = (co_await current_env()).scope; scope != nullptr && scope->cancelled())
      co_return scope->status();
  }
  co_return Status();
}

void App::Impl::on_signal(int number) {
  if (number == SIGHUP) return reload();
  ++signals_seen;
  on_stop_asked(number == SIGTERM ? "SIGTERM" : "SIGINT");
}

// On the first loop. The file is read there: it is small, and nobody does this often.
void App::Impl::reload() {
  log.info("reloading", {{"signal", "SIGHUP"}});
  reload_asked.set(*reload_asked.get() + 1);
  const auto fresh = Config::parse(sections, input);
  if (fresh) return sink.set_level(level_of(fresh->get<config::v1::Log>().level()));
  for (const ConfigError& error : fresh.error())
    log.error("the configuration can't be read again: nothing of it changes", {{"error", error.to_string()}});
}

// On the first loop. The first signal drains, the second one drains without patience; what is asked for over the admin
// port is no signal, since a hook before the end asks there and SIGTERM follows.
void App::Impl::on_stop_asked(std::string_view by) {
  log.info("draining", {{"signal", by}, {"again", signals_seen > 1}});
  {
    std::lock_guard lock(mutex);
    stop_asked = true;
    if (!listening) return;  // there is no server yet: run() looks
  }
  begin_to_drain(duration(settings.lame_duck()));
}

// On the first loop. Again: what was asked first counts no longer when there was a second signal.
void App::Impl::begin_to_drain(Duration lame_duck_time) {
  Loop& loop = runtime.loop(0);
  if (!std::exchange(draining, true)) {
    lifecycle.enter(Phase::draining);
    own_services.tell(lifecycle, dependencies);
    background.start(Background::When::draining);
    loop.arm(*lame_duck, loop.now() + lame_duck_time);
  }
  if (signals_seen < 2) return;
  lame_duck->disarm();  // what it has yet to say would give the grace time back
  drain(Duration::zero());
}

void App::Impl::drain(Duration grace) {
  Loop& first = runtime.loop(0);
  first.post([this, grace, &first] { first.arm(*grace_over, first.now() + grace); });
  {
    std::lock_guard lock(mutex);
    const Deadline calls = Deadline::after(SteadyClock().now(), grace);
    patience = patience.earlier(Deadline::after(calls.at(), kLastPatience));
    changed.notify_all();
  }
  server.drain(grace, [this] {
    log.info("drained", {{"service", name}});
    std::lock_guard lock(mutex);
    drained = true;
    changed.notify_all();
  });
}

// False: handlers still run though they were cancelled, and had time to end.
bool App::Impl::wait_until_drained() {
  std::unique_lock lock(mutex);
  while (!drained) {
    if (patience.is_infinite())
      changed.wait(lock);
    else if (patience.expired(SteadyClock().now()))
      return false;
    else
      changed.wait_until(lock, patience.at());
  }
  return true;
}

// Their frames use what the process has, so nothing may be taken down in an orderly way.
void App::Impl::leave_handlers_behind() {
  log.error("handlers ignored their cancellation: the process ends without them", {{"service", name}});
  sink.flush();
  std::_Exit(1);
}

App::App(std::string_view name, int argc, const char* const* argv, std::vector<ConfigSection> sections,
         const ConfigCheck& check)
    : impl_(std::make_unique<Impl>(name, prepare(name, argc, argv, sections, check))) {
  impl_->sections = std::move(sections);
  std::signal(SIGPIPE, SIG_IGN);
  say_crashes(STDERR_FILENO);
  impl_->lame_duck.emplace(*impl_);
  impl_->grace_over.emplace(*impl_);
  impl_->signals = std::make_unique<SignalWatch>(impl_->runtime.loop(0), std::vector<int>{SIGTERM, SIGINT, SIGHUP},
                                                 [impl = impl_.get()](int number) { impl->on_signal(number); });
  impl_->watch_loops();
  impl_->runtime.start();
  impl_->telemetry.connect(impl_->runtime);
  impl_->start_reloading();
}

// NOLINTNEXTLINE(bugprone-exception-escape): out of memory while it stops is the end either way
App::~App() {
  impl_->stop();
  impl_->signals.reset();
}

const Config& App::configuration() const { return impl_->config; }

Logger App::log() const { return impl_->log; }

Runtime& App::runtime() { return impl_->runtime; }

void App::serve(Service& service) {
  if (Status added = impl_->server.add(service); !added.ok()) {
    impl_->log.error("can't serve", {{"error", added.message()}});
    impl_->stop();
    impl_->sink.flush();
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): the loops have stopped
  }
}

void App::add_layer(std::shared_ptr<const Layer> layer, std::string_view chain) {
  impl_->chains.emplace(chain);
  impl_->server.add_layer(std::move(layer), chain);
}

void App::add_chain(std::string_view chain) {
  impl_->chains.emplace(chain);
  impl_->server.add_chain(chain);
}

void App::measure_with(Meters meters) {
  impl_->meters = meters;
  impl_->clients.measure_with(meters);
  impl_->server.measure_with(meters);
}

Meters App::meters() const { return impl_->meters; }

ErrorTable& App::errors() { return impl_->errors; }

ChannelOptions App::channel_options() const { return impl_->clients.options(); }

Clients& App::clients() { return impl_->clients.shared(); }

const Lifecycle& App::lifecycle() const { return impl_->lifecycle; }

void App::add_background(std::string name, BackgroundTask task) {
  impl_->background.add(std::move(name), Background::When::serving, std::move(task));
}

void App::add_drain_hook(std::string name, BackgroundTask hook) {
  impl_->background.add(std::move(name), Background::When::draining, std::move(hook));
}

void App::add_hook(std::string name, BackgroundTask hook, bool at_start) {
  (at_start ? impl_->start_hooks : impl_->stop_hooks).emplace_back(std::move(name), std::move(hook));
}

Dependency& App::depends_on(std::string name, Dependency::Ping ping, DependencyOptions options) {
  Dependency& made =
      *impl_->dependencies.emplace_back(std::make_unique<Dependency>(std::move(name), std::move(ping), options));
  background("dependency " + std::string(made.name()),
             // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): Background keeps it with its task
             [&made, log = impl_->log](const Lifecycle& lifecycle) -> Task<Status> {
               co_return co_await made.watch(lifecycle, log);
             });
  background(
      "health of " + std::string(made.name()),
      // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): as above
      [&made, impl = impl_.get()](const Lifecycle&) -> Task<Status> { co_return co_await impl->tell_health_of(made); });
  return made;
}

std::span<const std::unique_ptr<Dependency>> App::dependencies() const { return impl_->dependencies; }

Result<std::shared_ptr<Channel>> App::channel(std::string_view target) { return impl_->clients.channel(target); }

int App::run() {
  Impl& app = *impl_;
  app.add_own_layers();
  Status started = app.add_own_services();
  if (started.ok()) started = app.server.start();
  if (!started.ok()) {
    app.log.error("can't start", {{"error", started.message()}});
    return 1;
  }
  if (app.config.action() == Config::Action::print_chain) return app.print_chain();
  if (app.config.action() == Config::Action::explain_policy) return app.explain_policy();
  if (Status opened = app.open_admin_ports(); !opened.ok()) {
    app.log.error("can't listen", {{"key", "admin"}, {"error", opened.message()}});
    return 1;
  }
  for (Impl::Hook& hook : app.start_hooks)
    if (!app.run_hook(hook.name, hook.task).ok()) return 1;
  std::vector<std::string> addresses;
  for (const Port& port : app.listen_on) {
    const auto address = app.server.listen(port.address, port.options);
    if (!address) {
      app.log.error("can't listen", {{"key", port.key}, {"error", address.error().message()}});
      return 1;
    }
    addresses.push_back(address->to_string());
  }
  app.lifecycle.enter(Phase::serving);
  app.own_services.tell(app.lifecycle, app.dependencies);
  app.background.start(Background::When::serving);
  bool stop;
  {
    std::lock_guard lock(app.mutex);
    app.listening = true;  // before anybody reads "ready": a signal from then on is a signal to a server
    stop = app.stop_asked;
  }
  for (std::size_t i = 1; i < addresses.size(); ++i)
    app.log.info(
        "listening",
        {{"key", app.listen_on[i].key}, {"address", addresses[i]}, {"tls", app.listen_on[i].options.tls != nullptr}});
  app.log.info("ready", {{"service", app.name},
                         {"address", addresses.front()},
                         {"tls", app.listen_on.front().options.tls != nullptr},
                         {"threads", app.runtime.size()},
                         {"memory_budget", app.memory->limit()},
                         {"admin", fmt::format("{}", fmt::join(app.admin->addresses(), " "))},
                         {"pid", getpid()}});
  if (stop) app.runtime.loop(0).post([&app] { app.begin_to_drain(Duration::zero()); });

  if (!app.wait_until_drained()) app.leave_handlers_behind();
  app.background.join(kLastPatience);
  for (Impl::Hook& hook : std::views::reverse(app.stop_hooks)) app.run_stop_hook(hook);
  sync_wait(app.runtime.loop(0), app.telemetry.flush(app.registry, app.lines.get()));
  app.stop();
  app.log.info("stopped", {{"service", app.name}});
  return 0;
}

}  // namespace pintle
