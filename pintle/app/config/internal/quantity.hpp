// Durations and sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <pintle/base/clock.hpp>

namespace pintle::app {

// "250ms", "5s", "1m30s", "1.5h": numbers, each with a unit of ns, us, ms, s, m, h, d. A bare "0" is zero. Nothing when
// it is not that, or longer than 292 years.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest exact form of one number: "90s", "2h", "250ms".
std::string format_duration(Duration duration);

// "512", "512B", "64KiB", "4MiB", "1GiB", "10kB", "10MB", "1GB": bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

}  // namespace pintle::app
