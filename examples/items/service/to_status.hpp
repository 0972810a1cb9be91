// The end of every failure: the status that the caller sees, with its details.
#pragma once

#include "domain/errors.hpp"
#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>

namespace items {

// One failure, one status (the table of domain/errors.hpp), with a google.rpc.ErrorInfo and, where there is more to
// say, a BadRequest, a ResourceInfo or a RetryInfo. What happened inside goes to `log` and never into the message.
pintle::Error to_status(const Failure& failure, const pintle::Logger& log);

}  // namespace items
