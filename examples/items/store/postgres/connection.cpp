#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <libpq-fe.h>
#include <poll.h>
#include <unistd.h>

#include "store/postgres/connection.hpp"
#include <pintle/async/blocking.hpp>

namespace items {

using pintle::Deadline;
using pintle::Status;
using pintle::Task;

namespace {

// How long a server may take to answer that it has cancelled a statement.
constexpr auto kCancelTime = std::chrono::seconds(2);

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

// Opens a connection of its own and waits for its end: for a worker thread.
bool send_cancel(const std::shared_ptr<PGcancel>& cancel) {
  char why[256];
  return PQcancel(cancel.get(), why, sizeof why) == 1;
}

}  // namespace

Fault fault_of_sqlstate(std::string_view state) {
  if (state == "57014") return Fault::timeout;                                        // query_canceled
  if (state == "53100") return Fault::database_full;                                  // disk_full
  if (state.starts_with("08") || state.starts_with("57P") || state.starts_with("53")  // connection, shutdown, resources
      || state.starts_with("40"))                                                     // deadlock, serialization
    return Fault::database_busy;
  return Fault::database;
}

// libpq closes its socket when the connection fails; the loop watches a duplicate, which is closed when it is done with
// it.
class PostgresConnection::Socket {
 public:
  Socket(pintle::Loop& loop, int fd) : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), waiter_(std::in_place, loop, fd_) {}
  Socket(const Socket&) = delete;
  ~Socket() {
    waiter_.reset();
    if (fd_ >= 0) ::close(fd_);
  }
  pintle::FdWaiter& waiter() { return *waiter_; }

 private:
  int fd_;
  std::optional<pintle::FdWaiter> waiter_;
};

PostgresConnection::PostgresConnection(PGconn* connection, pintle::Loop& loop) : connection_(connection), loop_(loop) {}

PostgresConnection::~PostgresConnection() {
  socket_.reset();
  PQfinish(connection_);
}

Failure PostgresConnection::failure(std::string_view doing) const {
  const Fault fault = PQstatus(connection_) == CONNECTION_BAD ? Fault::database_busy : Fault::database;
  return {fault, fmt::format("PostgreSQL, {}: {}", doing, trimmed(PQerrorMessage(connection_)))};
}

Failure PostgresConnection::failure_of(PGresult* result) const {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) return failure("running a statement");
  return {fault_of_sqlstate(state),
          fmt::format("PostgreSQL error {}: {}", state, trimmed(PQresultErrorMessage(result)))};
}

Task<Outcome<std::unique_ptr<PostgresConnection>>> PostgresConnection::connect(std::string dsn,
                                                                               pintle::Duration timeout) {
  const pintle::Env env = co_await pintle::current_env();
  const char* const keys[] = {"dbname", "client_encoding", "fallback_application_name", nullptr};
  const char* const values[] = {dsn.c_str(), "UTF8", "items", nullptr};
  PGconn* const raw = PQconnectStartParams(keys, values, 1);
  if (raw == nullptr) co_return std::unexpected(Failure(Fault::database, "PostgreSQL: no memory for a connection"));
  PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(raw, *env.loop));
  Outcome<void> ready = co_await connection->establish(Deadline::after(env.loop->now(), timeout));
  if (!ready) co_return std::unexpected(std::move(ready).error());
  co_return connection;
}

Task<Outcome<void>> PostgresConnection::establish(Deadline deadline) {
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (PQstatus(connection_) == CONNECTION_BAD) co_return std::unexpected(failure("connecting"));
  while (next != PGRES_POLLING_OK) {
    // libpq may go over to another socket at every step.
    socket_ = std::make_unique<Socket>(loop_, PQsocket(connection_));
    Status ready;
    if (next == PGRES_POLLING_READING)
      ready = co_await socket_->waiter().readable(deadline);
    else
      ready = co_await socket_->waiter().writable(deadline);
    if (!ready.ok()) {
      const pintle::Env env = co_await pintle::current_env();
      if (env.scope != nullptr && env.scope->cancelled())
        co_return std::unexpected(Failure::call_over(std::move(ready)));
      co_return std::unexpected(Failure(Fault::database_busy, "PostgreSQL: no connection in time"));
    }
    next = PQconnectPoll(connection_);
    if (next == PGRES_POLLING_FAILED) co_return std::unexpected(failure("connecting"));
  }
  socket_ = std::make_unique<Socket>(loop_, PQsocket(connection_));
  PQsetnonblocking(connection_, 1);
  co_return Outcome<void>();
}

Task<Status> PostgresConnection::flush(Deadline deadline) {
  for (;;) {
    const int left = PQflush(connection_);
    if (left <= 0) co_return Status();  // an error shows when the result is read
    if (Status ready = co_await socket_->waiter().writable(deadline); !ready.ok()) co_return ready;
    // The server may be unable to take more before we have read what it has sent.
    if (PQconsumeInput(connection_) == 0) co_return Status();
  }
}

Task<Status> PostgresConnection::await_input(Deadline deadline) {
  while (PQisBusy(connection_) != 0) {
    if (Status ready = co_await socket_->waiter().readable(deadline); !ready.ok()) co_return ready;
    if (PQconsumeInput(connection_) == 0) break;  // the result says why
  }
  co_return Status();
}

Task<Status> PostgresConnection::collect(PGresult*& last, Deadline deadline) {
  for (;;) {
    if (Status come = co_await await_input(deadline); !come.ok()) co_return come;
    PGresult* const result = PQgetResult(connection_);
    if (result == nullptr) co_return Status();
    // Of a script the first error counts.
    if (last != nullptr && PQresultStatus(last) == PGRES_FATAL_ERROR) {
      PQclear(result);
      continue;
    }
    PQclear(last);
    last = result;
  }
}

Task<Outcome<Rows>> PostgresConnection::finish(bool sent) {
  if (!sent) {
    broken_ = true;
    co_return std::unexpected(failure("sending a statement"));
  }
  PGresult* last = nullptr;
  Status over = co_await flush(Deadline());
  if (over.ok()) over = co_await collect(last, Deadline());
  Rows rows(last);
  if (!over.ok()) {
    const pintle::Env env = co_await pintle::current_env();
    co_await abandon().in(pintle::Env{env.loop, nullptr, env.call});
    co_return std::unexpected(Failure::call_over(std::move(over)));
  }
  if (last == nullptr || PQstatus(connection_) == CONNECTION_BAD) {
    broken_ = true;
    co_return std::unexpected(failure("waiting for a result"));
  }
  const ExecStatusType status = PQresultStatus(last);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) co_return std::unexpected(failure_of(last));
  co_return rows;
}

Task<> PostgresConnection::abandon() {
  broken_ = true;
  const std::shared_ptr<PGcancel> cancel(PQgetCancel(connection_), [](PGcancel* c) { PQfreeCancel(c); });
  if (cancel == nullptr) co_return;
  const pintle::Result<bool> told = co_await pintle::blocking(send_cancel, cancel);
  if (!told || !*told) co_return;
  const Deadline deadline = Deadline::after(loop_.now(), kCancelTime);
  PGresult* last = nullptr;
  Status over = co_await flush(deadline);
  if (over.ok()) over = co_await collect(last, deadline);
  PQclear(last);
  broken_ = !over.ok();
}

Task<Outcome<void>> PostgresConnection::prepare(Sql sql, const Parameters& parameters, std::string name) {
  const bool sent =
      PQsendPrepare(connection_, name.c_str(), sql.text(), parameters.count(), parameters.types().data()) == 1;
  Outcome<Rows> done = co_await finish(sent);
  if (!done) co_return std::unexpected(std::move(done).error());
  prepared_.emplace(sql.text(), std::move(name));
  co_return Outcome<void>();
}

Task<Outcome<Rows>> PostgresConnection::run(Sql sql, Parameters parameters) {
  if (!prepared_.contains(sql.text())) {
    Outcome<void> done = co_await prepare(sql, parameters, fmt::format("s{}", ++names_));
    if (!done) co_return std::unexpected(std::move(done).error());
  }
  const bool sent =
      PQsendQueryPrepared(connection_, prepared_[sql.text()].c_str(), parameters.count(), parameters.pointers().data(),
                          parameters.lengths().data(), parameters.formats().data(), 1) == 1;
  co_return co_await finish(sent);
}

Task<Outcome<void>> PostgresConnection::script(Sql sql) {
  Outcome<Rows> done = co_await finish(PQsendQuery(connection_, sql.text()) == 1);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Outcome<void>();
}

bool PostgresConnection::reusable() {
  if (broken_ || PQtransactionStatus(connection_) != PQTRANS_IDLE) return false;
  // A server says nothing to an idle connection but that it is closing it.
  pollfd said{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
  return ::poll(&said, 1, 0) == 0 && PQstatus(connection_) == CONNECTION_OK;
}

}  // namespace items
