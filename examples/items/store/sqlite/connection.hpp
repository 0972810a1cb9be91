// One connection to a SQLite database, with its prepared statements.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/errors.hpp"
#include "store/sql.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace items {

// A prepared statement in use: bind from left to right, step, read columns from left to right. Going out of scope gives
// it back to its connection's cache, with nothing bound.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept;
  ~Statement();

  Statement& text(std::string_view value);
  Statement& blob(std::string_view value);
  Statement& integer(std::int64_t value);
  Statement& null();

  // True: a row is there; false: done.
  Outcome<bool> step();
  // For a statement that gives no rows. The number of rows that it changed.
  Outcome<std::int64_t> run();

  std::string read_text();
  std::int64_t read_integer();

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0, read_ = 0;
};

// One thread at a time.
class Connection {
 public:
  enum class Mode : std::uint8_t { read, write };

  // Opens (mode write: makes) the file: WAL, and every commit on the disk before it is reported.
  static Outcome<std::unique_ptr<Connection>> open(const std::string& path, Mode mode, int busy_timeout_ms);
  Connection(const Connection&) = delete;
  ~Connection();

  // From the cache, or prepared now.
  Outcome<Statement> statement(Sql sql);
  Outcome<void> execute(Sql sql);
  // For scripts of several statements; not cached.
  Outcome<void> script(Sql sql);

  // How many different statements this connection has prepared in its life.
  std::size_t prepared() const { return statements_.size(); }
  // Told the text of each statement as SQLite runs it, with parameters as "?": what the properties look at.
  void trace(std::function<void(std::string_view)> listener);

 private:
  explicit Connection(sqlite3* database) : database_(database) {}

  sqlite3* database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  std::function<void(std::string_view)> listener_;
};

// What a result code of SQLite means for us.
Failure sqlite_failure(int extended_code, std::string_view text);

}  // namespace items
