// Opens a connection to one address.
#pragma once

#include <memory>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle::net {

// Connects on the awaiting coroutine's loop, which must be a runtime's. UNAVAILABLE, with the system's reason, when the
// peer refuses or can't be reached; DEADLINE_EXCEEDED; or the status of the scope when it is cancelled.
Task<Result<std::unique_ptr<ByteStream>>> connect(SockAddress address, Deadline deadline = {});

}  // namespace pintle::net
