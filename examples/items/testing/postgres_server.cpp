#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/postgres_server.hpp"

namespace items::testing {

namespace {

std::string program(const std::string& name) {
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    const auto path = version.path() / "bin" / name;
    if (std::filesystem::exists(path)) return path;
  }
  throw std::runtime_error(name + " is not there: install Debian's package postgresql");
}

// PostgreSQL refuses to run as root: then it runs as the user that its package has made.
const passwd* other_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* const user = ::getpwnam("postgres");
  if (user == nullptr) throw std::runtime_error("there is no user postgres to run the server as");
  return user;
}

pid_t start(std::vector<std::string> words, const std::string& log, const passwd* user) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int output = ::open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0644);
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // changing the user forgets it, so it comes last
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

PostgresServer::PostgresServer() {
  const passwd* const user = other_user();
  const std::string log = folder_.file("log");
  if (user != nullptr && ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("chown");
  const std::string data = folder_.file("data");
  int status = 0;
  const pid_t made =
      start({program("initdb"), "-D", data, "-A", "trust", "-U", "items", "-E", "UTF8", "--locale=C", "--no-sync"}, log,
            user);
  if (::waitpid(made, &status, 0) != made || status != 0) throw std::runtime_error("initdb failed, see " + log);
  process_ =
      start({program("postgres"), "-D", data, "-c", "listen_addresses=", "-c",
             "unix_socket_directories=" + folder_.path().string(), "-c", "fsync=off", "-c", "max_connections=40"},
            log, user);
  const std::string dsn = fmt::format("host={} user=items dbname=postgres", folder_.path().string());
  for (int i = 0; PQping(dsn.c_str()) != PQPING_OK; ++i) {
    if (i == 600) throw std::runtime_error("the server did not start, see " + log);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // another process: there is nothing else to wait for
  }
}

PostgresServer::~PostgresServer() {
  ::kill(process_, SIGQUIT);
  int status = 0;
  ::waitpid(process_, &status, 0);
}

std::string PostgresServer::fresh_dsn() {
  const std::string base = fmt::format("host={} user=items dbname=postgres", folder_.path().string());
  const std::string schema = fmt::format("t{}", ++schemas_);
  PGconn* const connection = PQconnectdb(base.c_str());
  PGresult* const made = PQexec(connection, fmt::format("CREATE SCHEMA {}", schema).c_str());
  const bool good = PQresultStatus(made) == PGRES_COMMAND_OK;
  PQclear(made);
  PQfinish(connection);
  if (!good) throw std::runtime_error("no schema for the test");
  return fmt::format("{} options='-c search_path={}'", base, schema);
}

}  // namespace items::testing
