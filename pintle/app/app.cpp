#include <pintle/app/app.hpp>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>

#include <unistd.h>

#include <pintle/app/log.hpp>
#include <pintle/app/settings.hpp>
#include <pintle/async/signals.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/config/v1/config.pb.h>
#include <pintle/server/server.hpp>

namespace pintle {

namespace {

constexpr std::string_view kVersion = "0.1.0";

Config read_config(std::string_view name, int argc, const char* const* argv,
                   const std::vector<ConfigSection>& sections) {
  auto config = configure(name, kVersion, sections, ConfigInput::of_process(argc, argv));
  if (config) return std::move(*config);
  std::fputs(config.error().out.c_str(), stdout);
  std::fflush(stdout);
  std::fputs(config.error().err.c_str(), stderr);
  std::exit(config.error().code);
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

Duration duration(const google::protobuf::Duration& d) {
  return std::chrono::seconds(d.seconds()) + std::chrono::nanoseconds(d.nanos());
}

}  // namespace

struct App::Impl {
  Impl(std::string_view app_name, Config c)
      : name(app_name),
        config(std::move(c)),
        settings(config.get<config::v1::Server>()),
        sink(STDERR_FILENO,
             config.get<config::v1::Log>().format() == config::v1::LOG_FORMAT_TEXT ? LogFormat::text : LogFormat::json,
             level_of(config.get<config::v1::Log>().level())),
        log(&sink),
        runtime(runtime_options(settings)),
        server(runtime, server_options(settings, log)) {}

  void on_signal(int number);
  void drain(Duration grace);

  std::string name;
  Config config;
  const config::v1::Server& settings;
  StreamLog sink;
  Logger log;
  Runtime runtime;
  Server server;

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
  std::unique_ptr<SignalWatch> signals;
  int signals_seen = 0;  // first loop's thread

  std::mutex mutex;
  std::condition_variable changed;
  bool listening = false, stop_asked = false, drained = false;  // guarded by mutex
};

// On the first loop. The first signal drains, the second one drains without patience.
void App::Impl::on_signal(int number) {
  log.info("draining", {{"signal", number == SIGTERM ? "SIGTERM" : "SIGINT"}, {"again", signals_seen > 0}});
  ++signals_seen;
  {
    std::lock_guard lock(mutex);
    stop_asked = true;
    if (!listening) return;  // there is no server yet: run() looks
  }
  if (signals_seen > 1) return drain(Duration::zero());
  Loop& loop = runtime.loop(0);
  loop.arm(*lame_duck, loop.now() + duration(settings.lame_duck()));
}

void App::Impl::drain(Duration grace) {
  server.drain(grace, [this] {
    std::lock_guard lock(mutex);
    drained = true;
    changed.notify_all();
  });
}

App::App(std::string_view name, int argc, const char* const* argv, std::vector<ConfigSection> sections)
    : impl_(std::make_unique<Impl>(name, read_config(name, argc, argv, sections))) {
  std::signal(SIGPIPE, SIG_IGN);
  impl_->lame_duck.emplace(*impl_);
  impl_->signals = std::make_unique<SignalWatch>(impl_->runtime.loop(0), std::vector<int>{SIGTERM, SIGINT},
                                                 [impl = impl_.get()](int number) { impl->on_signal(number); });
  impl_->runtime.start();
}

App::~App() {
  impl_->runtime.stop();
  impl_->runtime.join();
  impl_->signals.reset();
}

const Config& App::configuration() const { return impl_->config; }

Logger App::log() const { return impl_->log; }

Runtime& App::runtime() { return impl_->runtime; }

void App::serve(Service& service) {
  if (Status added = impl_->server.add(service); !added.ok()) {
    impl_->log.error("can't serve", {{"error", added.message()}});
    std::exit(1);
  }
}

void App::add_layer(std::shared_ptr<const Layer> layer) { impl_->server.add_layer(std::move(layer)); }

ChannelOptions App::channel_options() const {
  return pintle::channel_options(impl_->config.get<config::v1::Client>(), impl_->log);
}

Result<std::shared_ptr<Channel>> App::channel(std::string_view target) {
  return make_channel(impl_->runtime, target, channel_options());
}

int App::run() {
  Impl& app = *impl_;
  auto address = listen_address(app.settings);
  if (address) {
    app.server.start();
    address = app.server.listen(*address);
  }
  if (!address) {
    app.log.error("can't listen", {{"error", address.error().message()}});
    return 1;
  }
  bool stop;
  {
    std::lock_guard lock(app.mutex);
    app.listening = true;  // before anybody reads "ready": a signal from then on is a signal to a server
    stop = app.stop_asked;
  }
  app.log.info(
      "ready",
      {{"service", app.name}, {"address", address->to_string()}, {"threads", app.runtime.size()}, {"pid", getpid()}});
  if (stop) app.drain(duration(app.settings.shutdown_grace()));

  std::unique_lock lock(app.mutex);
  app.changed.wait(lock, [&] { return app.drained; });
  lock.unlock();
  app.runtime.stop();
  app.runtime.join();
  app.log.info("stopped", {{"service", app.name}});
  return 0;
}

}  // namespace pintle
