#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>

#include "store/sqlite/connection.hpp"

namespace items {

namespace {

Failure failure_of(sqlite3* database) {
  return sqlite_failure(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
}

}  // namespace

Failure sqlite_failure(int extended_code, std::string_view text) {
  const std::string message = fmt::format("SQLite error {}: {}", extended_code, text);
  switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Fault::database_busy, message};
    case SQLITE_FULL:
      return {Fault::database_full, message};
    default:
      return {Fault::database, message};
  }
}

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), bound_(other.bound_), read_(other.read_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

// Bound values are copied: a statement may live longer than what was bound. A bind that fails (no memory, too large)
// leaves NULL, which the columns' NOT NULL refuses.
Statement& Statement::text(std::string_view value) {
  sqlite3_bind_text64(statement_, ++bound_, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::blob(std::string_view value) {
  const char* data = value.empty() ? "" : value.data();  // a null pointer would bind NULL
  sqlite3_bind_blob64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::integer(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Statement& Statement::null() {
  sqlite3_bind_null(statement_, ++bound_);
  return *this;
}

Outcome<bool> Statement::step() {
  read_ = 0;
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return std::unexpected(failure_of(sqlite3_db_handle(statement_)));
  }
}

Outcome<std::int64_t> Statement::run() {
  for (;;) {
    const Outcome<bool> row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return sqlite3_changes64(sqlite3_db_handle(statement_));
  }
}

std::string Statement::read_text() {
  const int column = read_++;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::read_integer() { return sqlite3_column_int64(statement_, read_++); }

Outcome<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode, int busy_timeout_ms) {
  sqlite3* database = nullptr;
  const int flags = (mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(database));
  if (code != SQLITE_OK)
    return std::unexpected(
        sqlite_failure(code, fmt::format("{}: {}", path, database ? sqlite3_errmsg(database) : "no memory")));
  sqlite3_busy_timeout(database, busy_timeout_ms);
  Outcome<void> set =
      connection->script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  if (set && mode == Mode::read) set = connection->script("PRAGMA query_only = ON;");
  if (!set) return std::unexpected(std::move(set).error());
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Outcome<Statement> Connection::statement(Sql sql) {
  sqlite3_stmt*& cached = statements_[sql.text()];
  if (cached == nullptr &&
      sqlite3_prepare_v3(database_, sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &cached, nullptr) != SQLITE_OK)
    return std::unexpected(failure_of(database_));
  return Statement(cached);
}

Outcome<void> Connection::execute(Sql sql) {
  Outcome<Statement> prepared = statement(sql);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  const Outcome<std::int64_t> done = prepared->run();
  if (!done) return std::unexpected(done.error());
  return {};
}

Outcome<void> Connection::script(Sql sql) {
  if (sqlite3_exec(database_, sql.text(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(failure_of(database_));
  return {};
}

void Connection::trace(std::function<void(std::string_view)> listener) {
  listener_ = std::move(listener);
  const auto told = [](unsigned, void* self, void* statement, void*) {
    static_cast<Connection*>(self)->listener_(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
    return 0;
  };
  sqlite3_trace_v2(database_, SQLITE_TRACE_STMT, told, this);
}

}  // namespace items
