// Counts what the program takes from operator new, for tests that promise to take nothing.
#pragma once

#include <cstddef>

namespace pintle::http2::hpack_test {

struct Allocations {
  std::size_t count = 0, bytes = 0;
};

// Since the start of this thread. Linking this in replaces the program's operator new.
Allocations allocations();

}  // namespace pintle::http2::hpack_test
