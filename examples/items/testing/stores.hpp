// One of each store, fresh and empty, for tests that run against all of them.
#pragma once

#include <memory>
#include <string_view>

#include "domain/store.hpp"
#include "testing/harness.hpp"
#include "testing/postgres_server.hpp"

namespace items::testing {

enum class StoreKind { memory, sqlite, postgres };
inline constexpr StoreKind kStoreKinds[] = {StoreKind::memory, StoreKind::sqlite, StoreKind::postgres};
std::string_view name_of(StoreKind kind);

class StoreFixture {
 public:
  virtual ItemStore& store() = 0;
  virtual ~StoreFixture() = default;
};

// Started the first time, and stopped when the test program ends. Ask for it on the main thread first.
PostgresServer& postgres_server();
std::unique_ptr<StoreFixture> make_store(StoreKind kind, Running& running);

}  // namespace items::testing
