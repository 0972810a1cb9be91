// One connection to PostgreSQL, driven by a loop: libpq's non-blocking calls, and nothing that waits.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "domain/errors.hpp"
#include "store/postgres/values.hpp"
#include "store/sql.hpp"
#include <pintle/async/fd_waiter.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>

extern "C" {
using PGconn = struct pg_conn;
}

namespace items {

// One statement at a time, on the loop where it was made; destroyed there too, or anywhere once the runtime was joined.
class PostgresConnection {
 public:
  // database_busy when the server can't be reached in time or takes no more connections. A host given by name is looked
  // up by libpq itself, which blocks: give an address (hostaddr) or a unix socket where that matters.
  static pintle::Task<Outcome<std::unique_ptr<PostgresConnection>>> connect(std::string dsn, pintle::Duration timeout);
  PostgresConnection(const PostgresConnection&) = delete;
  ~PostgresConnection();

  // Prepares the statement the first time. When the call's scope ends meanwhile the server is told to cancel it, and
  // the failure is call_over: whether it took effect is then unknown.
  pintle::Task<Outcome<Rows>> run(Sql sql, Parameters parameters);
  // Several statements without parameters, in a transaction of their own.
  pintle::Task<Outcome<void>> script(Sql sql);

  // Idle, outside a transaction and with the server still there, as far as one can tell without asking it.
  bool reusable();

 private:
  class Socket;

  PostgresConnection(PGconn* connection, pintle::Loop& loop);

  pintle::Task<Outcome<void>> establish(pintle::Deadline deadline);
  pintle::Task<Outcome<void>> prepare(Sql sql, const Parameters& parameters, std::string name);
  // Sends what is queued, then waits for the last result of the statement.
  pintle::Task<Outcome<Rows>> finish(bool sent);
  pintle::Task<pintle::Status> flush(pintle::Deadline deadline);
  pintle::Task<pintle::Status> await_input(pintle::Deadline deadline);
  // Reads all results; the last of them counts.
  pintle::Task<pintle::Status> collect(PGresult*& last, pintle::Deadline deadline);
  // After the call's end: the server is told, and its answer awaited for a while, so that the connection can be used
  // again.
  pintle::Task<> abandon();
  Failure failure(std::string_view doing) const;
  Failure failure_of(PGresult* result) const;

  PGconn* connection_;
  pintle::Loop& loop_;
  std::unique_ptr<Socket> socket_;
  std::unordered_map<const char*, std::string> prepared_;
  int names_ = 0;  // given to statements; one whose preparing was cut short is not used again
  bool broken_ = false;
};

// What an SQLSTATE means for us (PostgreSQL, appendix A).
Fault fault_of_sqlstate(std::string_view state);

}  // namespace items
