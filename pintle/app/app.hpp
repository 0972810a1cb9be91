// What main holds: configuration, log, loops, one server, and the way from SIGTERM to a clean end.
//
//   int main(int argc, char** argv) {
//     pintle::App app("items", argc, argv, {pintle::config_section<ItemsConfig>("items")});
//     SqliteStore store(app.config<ItemsConfig>().database());
//     Items items(store);
//     app.serve(items);
//     return app.run();
//   }
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/app/background_task.hpp>
#include <pintle/app/clients.hpp>
#include <pintle/app/config.hpp>
#include <pintle/app/dependency.hpp>
#include <pintle/app/lifecycle.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/client/options.hpp>
#include <pintle/middleware/errors/error_table.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle {

// A top-level key of the application's own; T is a Protobuf message.
template <class T>
ConfigSection config_section(std::string_view key) {
  return ConfigSection(std::string(key), T::default_instance());
}

// One per process, made by main and used by its thread. Declare it first, so that all that it serves is destroyed
// before it.
class App {
 public:
  // Reads the configuration. Ends the process where that is all that was asked (--help, --version, --print-config,
  // --check-config: exit code 0) or where the configuration is wrong (2, one line per error on standard error). The
  // loops run from then on. `check` says what is wrong with the application's own sections beyond their schema: values
  // that don't fit together, files that are not there. It is asked at the start and by --check-config alike, so it
  // must change nothing.
  App(std::string_view name, int argc, const char* const* argv, std::vector<ConfigSection> sections = {},
      const ConfigCheck& check = nullptr);
  App(const App&) = delete;
  ~App();

  template <class T>
  const T& config() const {
    return configuration().get<T>();
  }
  const Config& configuration() const;
  Logger log() const;
  Runtime& runtime();

  // The service is served from run() on; it outlives run(). A service that was added already ends the process with
  // code 1.
  void serve(Service& service);
  // One more layer around every method; where in the chain, its place says (rpc/layer.hpp). Ports that name a chain
  // (server.chain, server.listeners[].chain) have the layers of that one and no others. Before run().
  void add_layer(std::shared_ptr<const Layer> layer, std::string_view chain = {});
  // There is a chain of that name, perhaps without layers: for an internal port. Before run().
  void add_chain(std::string_view chain);
  // What the layers of the server, and of the channels that are made from then on, measure with, in place of what
  // /metrics shows. The meter outlives the app. Before run().
  void measure_with(Meters meters);
  // For counters, gauges and histograms of the application's own, which /metrics shows beside those of the calls:
  //
  //   pintle::Counter sold = app.meters().counter({"shop.items.sold", "{item}", "Items that were sold.", {}});
  Meters meters() const;

  // Which status a DomainError is that leaves a handler, and to be extended with exceptions of the application's own.
  // Its domain is the app's name. Before run().
  ErrorTable& errors();

  // A channel of one's own: to a target with the settings of the section client, or one that the configuration names
  // (clients.channels). INVALID_ARGUMENT when the target can't be read. Most programs want clients().
  Result<std::shared_ptr<Channel>> channel(std::string_view target);
  ChannelOptions channel_options() const;
  // One channel for each target and settings, shared by all who ask for it. Any thread.
  Clients& clients();

  // Where the process stands. Any thread, from any loop.
  const Lifecycle& lifecycle() const;
  // A task from the start of serving to the start of draining, on one of the loops, without a call around it:
  //
  //   app.background("refresh", [&](const Lifecycle& lifecycle) -> Task<Status> {
  //     while (!lifecycle.draining()) {
  //       if (Status s = co_await store.refresh(); !s.ok()) co_return s;
  //       co_await first_of(sleep_for(5s), lifecycle.reached(Phase::draining));
  //     }
  //     co_return Status();
  //   });
  //
  // A status that is not OK and an exception end the task: they are logged with its name, and nothing else happens.
  // What ignores even its cancellation, a second long, is logged and left behind. Before run().
  template <class F>
  void background(std::string name, F task) {
    add_background(std::move(name), as_background_task(std::move(task)));
  }
  // Runs when draining starts, beside the calls that are still served: to leave a registry, to tell peers. A
  // function that returns nothing (and must not block), or a task, which is awaited, cancelled and logged as a
  // background task is. Before run().
  template <class F>
  void on_drain(std::string name, F hook) {
    add_drain_hook(std::move(name), as_background_task(std::move(hook)));
  }
  // Runs before the first connection is taken, in the order of adding: to migrate a database, to fill a cache. A
  // function that returns nothing (and must not block), or a task. A status that is not OK, or an exception, ends the
  // process with 1. Before run().
  template <class F>
  void on_start(std::string name, F hook) {
    add_hook(std::move(name), as_background_task(std::move(hook)), true);
  }
  // Runs when the last call has ended, in the reverse order of adding, each at most as long as server.shutdown_grace:
  // to flush, to close. A failure is logged. Before run().
  template <class F>
  void on_stop(std::string name, F hook) {
    add_hook(std::move(name), as_background_task(std::move(hook)), false);
  }
  // Is asked from the start of serving to the start of draining. While it is down, what needs it is NOT_SERVING to
  // those who ask for its health, and /readyz says 503 (health_rule.hpp). Before run().
  Dependency& depends_on(std::string name, Dependency::Ping ping, DependencyOptions options = {});
  std::span<const std::unique_ptr<Dependency>> dependencies() const;

  // Serves health and reflection too, where server.health and server.reflection don't say otherwise, and the pages of
  // the admin port. Listens, logs "ready" with the address, and returns when the process is to end: 0 after SIGTERM or
  // SIGINT, which drain (server.lame_duck, then at most server.shutdown_grace for calls and background tasks; a second
  // signal cuts the grace short), 1 when it can't listen. Handlers that still run a second after they were cancelled
  // end the process with 1 as it is: no destructor runs. SIGHUP has certificates read again at
  // once, and log.level from the file and the environment that the process was started with.
  int run();

 private:
  void add_background(std::string name, BackgroundTask task);
  void add_drain_hook(std::string name, BackgroundTask hook);
  void add_hook(std::string name, BackgroundTask hook, bool at_start);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle
