// The grpc-timeout header: how long the caller is willing to wait.
//
// grpc/doc/PROTOCOL-HTTP2.md, "Timeout": one to eight digits, then a unit: H, M, S, m (milli-), u (micro-), n
// (nanoseconds).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <pintle/base/clock.hpp>

namespace pintle::wire {

// What the header says; nothing when it is malformed (no digit, a ninth digit, no unit or another one, a sign, a
// space). Never negative; what is longer than a Duration can hold (292 years) becomes Duration::max(). Any thread.
std::optional<Duration> parse_timeout(std::string_view value) noexcept;

// The header for a timeout, written into `room`; the view lies in it. The finest unit whose number fits in eight
// digits, rounded down, so that the peer never waits longer than we do: at most 0.001 % shorter. What is not positive
// gives "1n": the grammar has no zero, and the peer then finds the call expired on its own. Any thread.
std::string_view format_timeout(Duration timeout, std::span<char, 16> room) noexcept;

}  // namespace pintle::wire
