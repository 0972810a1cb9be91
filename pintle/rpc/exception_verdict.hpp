// What is to become of an exception that somebody expected.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>

#include <pintle/base/status.hpp>

namespace pintle {

struct ExceptionVerdict {
  ExceptionVerdict() = default;
  Status status;        // not OK
  bool secret = false;  // its message goes to the log, under an id; the caller gets the code, the details and the id
  std::string log;      // what else the log should have; empty: nothing
};

// Nothing: nobody expected it. Any thread; does not throw but for want of memory.
using ExceptionJudge = std::function<std::optional<ExceptionVerdict>(const std::exception_ptr&)>;

}  // namespace pintle
