// Why the identity layer kept a call out. It hangs this on the call, in a slot; the metrics layer, which is outside of
// it and meets a status only, finds it there when the call is over. Neither includes the other.
#pragma once

#include <cstdint>
#include <string_view>

namespace layers {

enum class KeptOut : std::uint8_t { no_token, unknown_token, no_role };
inline constexpr std::string_view kKeptOutNames[] = {"no_token", "unknown_token", "no_role"};

}  // namespace layers
