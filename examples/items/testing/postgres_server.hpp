// A real PostgreSQL server in a folder of its own, for the tests of the store: on a unix socket, by a user who is not
// root.
#pragma once

#include <string>

#include <sys/types.h>

#include "testing/harness.hpp"

namespace items::testing {

// Started by the constructor, which throws when that fails; stopped by the destructor, and by the kernel when this
// process dies. Its programs are those of Debian's package postgresql.
class PostgresServer {
 public:
  PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  ~PostgresServer();

  // For libpq; with an empty schema of its own.
  std::string fresh_dsn();

 private:
  TempFolder folder_;
  pid_t process_ = -1;
  int schemas_ = 0;
};

}  // namespace items::testing
