// The tables, and the steps by which an older file becomes a current one.
#pragma once

#include "store/sqlite/connection.hpp"

namespace items {

// Brings the file up to date, each step in a transaction of its own; user_version counts the steps that were taken. A
// file that a newer program made is refused.
Outcome<void> migrate(Connection& connection);

}  // namespace items
