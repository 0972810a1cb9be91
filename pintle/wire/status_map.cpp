#include <pintle/wire/status_map.hpp>

#include <charconv>

namespace pintle::wire {

Code code_from_http_status(int status) noexcept {
  switch (status) {
    case 400:
    case 431:
      return Code::internal;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::unavailable;
    default:
      return Code::unknown;
  }
}

Code code_from_rst_stream(std::uint32_t error) noexcept {
  switch (error) {
    case 7:  // REFUSED_STREAM: the peer has not touched the call
      return Code::unavailable;
    case 8:  // CANCEL
      return Code::cancelled;
    case 11:  // ENHANCE_YOUR_CALM
      return Code::resource_exhausted;
    case 12:  // INADEQUATE_SECURITY
      return Code::permission_denied;
    default:
      return Code::internal;
  }
}

Code parse_grpc_status(std::string_view value) noexcept {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return Code::unknown;
  return code_from_number(number);
}

std::string_view format_grpc_status(Code code) noexcept {
  static constexpr std::string_view kNumbers[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                                  "9", "10", "11", "12", "13", "14", "15", "16"};
  const auto number = static_cast<std::size_t>(code);
  return number < std::size(kNumbers) ? kNumbers[number] : kNumbers[static_cast<std::size_t>(Code::unknown)];
}

}  // namespace pintle::wire
