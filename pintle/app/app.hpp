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
#include <string_view>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/client/options.hpp>
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
  // loops run from then on.
  App(std::string_view name, int argc, const char* const* argv, std::vector<ConfigSection> sections = {});
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
  // One more layer around every method, inside those that were added before.
  void add_layer(std::shared_ptr<const Layer> layer);

  // A channel with the settings of the configuration's section client. INVALID_ARGUMENT when the target can't be read.
  Result<std::shared_ptr<Channel>> channel(std::string_view target);
  ChannelOptions channel_options() const;

  // Listens, logs "ready" with the address, and returns when the process is to end: 0 after SIGTERM or SIGINT, which
  // drain (server.lame_duck, then at most server.shutdown_grace; a second signal cuts the grace short), 1 when it can't
  // listen.
  int run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle
