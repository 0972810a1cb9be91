// What a caller hears of a call that was tried more than once.
#pragma once

#include <pintle/base/status.hpp>

namespace pintle::resilience {

// `status` with the number of attempts behind it, and, where it is not the last attempt's own, how that ended (`last`
// not null). What a server said stays as it said it, and so does the status of one attempt.
Status after_attempts(Status status, int attempts, const Status* last);

}  // namespace pintle::resilience
