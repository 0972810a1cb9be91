// What the contract of the stores does not ask: the pool's bounds, calls that end early, servers that go away.
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/postgres/postgres_store.hpp"
#include "testing/stores.hpp"
#include <pintle/async/nursery.hpp>

namespace items {
namespace {

using pintle::Code;
using pintle::Status;
using pintle::Task;
using ::testing::IsEmpty;

constexpr Sql kSleep = "SELECT pg_sleep(600)";
constexpr Sql kNap = "SELECT pg_sleep(0.01)";
constexpr Sql kSleepers =
    "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'";
constexpr Sql kConnections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
constexpr Sql kTerminate =
    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = $1";

class Postgres : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { testing::postgres_server(); }
  static std::string dsn(const std::string& application) {
    return testing::postgres_server().fresh_dsn() + " application_name=" + application;
  }
  static PostgresOptions options(const std::string& application, std::size_t size) {
    PostgresOptions options;
    options.dsn = dsn(application);
    options.pool_size = size;
    return options;
  }
  static Task<std::unique_ptr<PostgresConnection>> connect(std::string application = "watcher") {
    auto connected = co_await PostgresConnection::connect(dsn(application), std::chrono::seconds(20));
    if (!connected) ADD_FAILURE() << connected.error().message();
    co_return connected ? std::move(*connected) : nullptr;
  }
  static Task<std::int64_t> number(PostgresConnection& connection, Sql sql, Parameters parameters = {}) {
    Outcome<Rows> rows = co_await connection.run(sql, std::move(parameters));
    if (!rows) {
      ADD_FAILURE() << rows.error().message();
      co_return -1;
    }
    co_return rows->read_integer();
  }

  testing::Running running_;
};

TEST_F(Postgres, ValuesGoThereAndBackAsTheyAre) {
  const auto test = []() -> Task<> {
    const auto connection = co_await connect();
    const std::vector<std::string> texts = {"", "a,b", "{\"x\"}", "NULL", "\\", "☺"};
    Outcome<Rows> rows = co_await connection->run(
        "SELECT $1::text, $2::bigint, $3::text[], $4::text[], $5::bigint IS NULL, $6::text",
        Parameters().text("'; --").integer(INT64_MIN).texts(texts).texts({}).optional_integer(std::nullopt).text(""));
    EXPECT_TRUE(rows) << rows.error().message();
    if (!rows) co_return;
    EXPECT_EQ(rows->read_text(), "'; --");
    EXPECT_EQ(rows->read_integer(), INT64_MIN);
    EXPECT_EQ(rows->read_texts(), texts);
    EXPECT_THAT(rows->read_texts(), IsEmpty());
    EXPECT_EQ(rows->read_text(), std::string(1, '\1'));  // true, in binary
    EXPECT_EQ(rows->read_text(), "");
  };
  running_.wait(test());
}

TEST_F(Postgres, AResultLargerThanTheSocketComesWhole) {
  const auto test = []() -> Task<> {
    const auto connection = co_await connect();
    const std::string large(3'000'000, 'x');
    Outcome<Rows> rows = co_await connection->run("SELECT $1::text", Parameters().text(large));
    EXPECT_TRUE(rows && rows->read_text() == large);
  };
  running_.wait(test());
}

TEST_F(Postgres, ACallThatEndsCancelsItsQueryOnTheServer) {
  const auto test = []() -> Task<> {
    const pintle::Env env = co_await pintle::current_env();
    const auto connection = co_await connect("sleeper");
    const auto watcher = co_await connect();
    pintle::CancelScope scope(env.scope);
    std::optional<Outcome<Rows>> outcome;
    const auto sleeping = [&]() -> Task<> { outcome.emplace(co_await connection->run(kSleep, Parameters())); };
    pintle::Nursery nursery;
    nursery.spawn(pintle::Env{env.loop, &scope, env.call}, sleeping());
    while (co_await number(*watcher, kSleepers) == 0) {
    }
    scope.cancel(Status(Code::deadline_exceeded, "too late"));
    co_await nursery.join();
    EXPECT_FALSE(*outcome);
    EXPECT_EQ(outcome->error().fault(), Fault::call_over);
    EXPECT_EQ(outcome->error().status().code(), Code::deadline_exceeded);
    EXPECT_EQ(co_await number(*watcher, kSleepers), 0);
    EXPECT_TRUE(connection->reusable());
    EXPECT_EQ(co_await number(*connection, "SELECT 7::bigint"), 7);
  };
  running_.wait(test());
}

TEST_F(Postgres, ThePoolOpensNoMoreThanItMay) {
  PostgresPool pool(options("bounded", 3), 1);
  const auto test = [&]() -> Task<> {
    const pintle::Env env = co_await pintle::current_env();
    const auto nap = [&]() -> Task<> {
      Outcome<PostgresPool::Lease> lease = co_await pool.lease();
      EXPECT_TRUE(lease && co_await lease->connection().run(kNap, Parameters()));
    };
    pintle::Nursery nursery;
    for (int i = 0; i < 20; ++i) nursery.spawn(env, nap());
    const auto watcher = co_await connect();
    while (nursery.running() > 0) {
      EXPECT_LE(co_await number(*watcher, kConnections, Parameters().text("bounded")), 3);
    }
    co_await nursery.join();
    EXPECT_EQ(co_await number(*watcher, kConnections, Parameters().text("bounded")), 3);  // idle, and used again
    co_await pool.close();
  };
  running_.wait(test());
}

TEST_F(Postgres, WhoFindsTheLineFullIsRefused) {
  PostgresOptions few = options("few", 1);
  few.max_waiting = 0;
  PostgresPool pool(few, 1);
  const auto test = [&]() -> Task<> {
    {
      const Outcome<PostgresPool::Lease> first = co_await pool.lease();
      EXPECT_TRUE(first);
      const Outcome<PostgresPool::Lease> second = co_await pool.lease();
      EXPECT_FALSE(second);
      EXPECT_EQ(second.error().fault(), Fault::too_many);
    }
    EXPECT_TRUE(co_await pool.lease());
    co_await pool.close();
  };
  running_.wait(test());
}

TEST_F(Postgres, AConnectionThatTheServerClosedIsNotUsedAgain) {
  PostgresStore store(options("cut", 1), 1);
  const auto test = [&]() -> Task<> {
    EXPECT_TRUE(co_await store.prepare());
    EXPECT_TRUE(co_await store.ping());
    const auto watcher = co_await connect();
    EXPECT_EQ(co_await number(*watcher, kTerminate, Parameters().text("cut")), 1);
    const Outcome<void> again = co_await store.ping();
    EXPECT_TRUE(again) << again.error().message();
    co_await store.close();
  };
  running_.wait(test());
}

TEST_F(Postgres, AServerThatIsNotThereIsBusy) {
  PostgresOptions nowhere;
  nowhere.dsn = "host=/nonexistent user=items";
  PostgresStore store(nowhere, 1);
  const Outcome<void> ping = running_.wait(store.ping());
  ASSERT_FALSE(ping);
  EXPECT_EQ(ping.error().fault(), Fault::database_busy) << ping.error().message();
}

TEST_F(Postgres, TheTablesAreMadeOnce) {
  PostgresStore store(options("tables", 1), 1);
  EXPECT_TRUE(running_.wait(store.prepare()));
  EXPECT_TRUE(running_.wait(store.prepare()));
}

TEST(PostgresErrors, HaveOneFaultEach) {
  EXPECT_EQ(fault_of_sqlstate("53100"), Fault::database_full);
  EXPECT_EQ(fault_of_sqlstate("53300"), Fault::database_busy);  // too many connections
  EXPECT_EQ(fault_of_sqlstate("08006"), Fault::database_busy);  // connection failure
  EXPECT_EQ(fault_of_sqlstate("57P01"), Fault::database_busy);  // the server is stopping
  EXPECT_EQ(fault_of_sqlstate("40P01"), Fault::database_busy);  // deadlock
  EXPECT_EQ(fault_of_sqlstate("57014"), Fault::timeout);
  EXPECT_EQ(fault_of_sqlstate("42P01"), Fault::database);  // no such table
}

}  // namespace
}  // namespace items
