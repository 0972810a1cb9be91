// The items service: configuration, a store, the use cases over it, and the server before them.
#include <cstdio>
#include <memory>

#include <fmt/core.h>

#include "domain/catalogue.hpp"
#include "items/config/v1/config.pb.h"
#include "service/item_service.hpp"
#include "settings.hpp"
#include "store/postgres/postgres_store.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include <pintle/app/app.hpp>

namespace {

using items::config::v1::ItemsConfig;

int milliseconds(const google::protobuf::Duration& duration) {
  return static_cast<int>(duration.seconds() * 1000 + duration.nanos() / 1'000'000);
}

items::SqliteOptions sqlite_options(const items::config::v1::Sqlite& config) {
  items::SqliteOptions options;
  options.path = config.path();
  options.readers = config.readers();
  options.busy_timeout_ms = milliseconds(config.busy_timeout());
  return options;
}

items::PostgresOptions postgres_options(const items::config::v1::Postgres& config) {
  items::PostgresOptions options;
  options.dsn = config.dsn();
  options.pool_size = static_cast<std::size_t>(config.pool_size());
  options.connect_timeout = std::chrono::milliseconds(milliseconds(config.connect_timeout()));
  return options;
}

// PostgreSQL when it is configured, else the SQLite file; with its tables in place.
items::Outcome<std::unique_ptr<items::ItemStore>> open_store(const ItemsConfig& config, pintle::Runtime& runtime) {
  if (config.postgres().dsn().empty()) {
    auto database = items::SqliteDatabase::open(sqlite_options(config.sqlite()));
    if (!database) return std::unexpected(std::move(database).error());
    return std::make_unique<items::SqliteStore>(std::move(*database));
  }
  auto store = std::make_unique<items::PostgresStore>(postgres_options(config.postgres()), runtime.size());
  if (auto prepared = pintle::sync_wait(runtime, store->prepare()); !prepared)
    return std::unexpected(std::move(prepared).error());
  return store;
}

items::ServiceLimits service_limits(const ItemsConfig& config) {
  items::ServiceLimits limits;
  limits.pages.preset = config.pages().default_size();
  limits.pages.most = config.pages().max_size();
  limits.max_batch = config.max_batch_size();
  return limits;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): what throws here ends a process that serves nobody yet
int main(int argc, char** argv) {
  pintle::App app("items", argc, argv, {pintle::config_section<ItemsConfig>("items")},
                  [](const pintle::Config& c) { return items::faults_of(c.get<ItemsConfig>()); });
  const auto& config = app.config<ItemsConfig>();

  items::Outcome<std::unique_ptr<items::ItemStore>> store = open_store(config, app.runtime());
  if (!store) {
    app.log().error("the database can't be opened", {{"error", store.error().message()}});
    return 1;
  }
  items::IdSource ids(items::system_time, items::system_randomness);
  items::Catalogue catalogue(**store, ids, items::system_time);
  items::ItemServer server(catalogue, service_limits(config), app.log());
  app.serve(server);
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): the app keeps the lambda
  app.depends_on("database", [&]() -> pintle::Task<pintle::Status> {
    const items::Outcome<void> answer = co_await (*store)->ping();
    if (!answer) co_return pintle::unavailable("{}", answer.error().message());
    co_return pintle::Status();
  });
  return app.run();
}
