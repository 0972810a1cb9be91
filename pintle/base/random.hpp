// Chance as every room sees it: a source that is handed in, so that tests can choose what comes.
#pragma once

#include <functional>

namespace pintle {

// Uniform in [0, 1). Any thread may call it.
using Random = std::function<double()>;

// One of its own that the system has seeded. It takes a lock: for what is drawn per connection, not per call.
Random system_random();

}  // namespace pintle
