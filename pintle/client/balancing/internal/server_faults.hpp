// Which ends of a call say that its server is not well.
#pragma once

#include <pintle/resilience/code_set.hpp>

namespace pintle::balancing {

inline constexpr CodeSet kServerFaults = {Code::unavailable, Code::unknown,           Code::internal,
                                          Code::data_loss,   Code::deadline_exceeded, Code::resource_exhausted};

}  // namespace pintle::balancing
