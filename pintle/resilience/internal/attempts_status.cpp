#include <pintle/resilience/internal/attempts_status.hpp>

#include <fmt/format.h>

#include <pintle/rpc/details.hpp>

namespace pintle::resilience {

Status after_attempts(Status status, int attempts, const Status* last) {
  if (status.ok() || (last == nullptr && (attempts == 1 || status.origin() == Origin::peer))) return status;
  const std::string_view many = attempts == 1 ? "attempt" : "attempts";
  if (last == nullptr) return reworded(status, fmt::format("{} (after {} {})", status.message(), attempts, many));
  return reworded(status, fmt::format("{} (after {} {}; the last one ended with {})", status.message(), attempts, many,
                                      last->to_string()));
}

}  // namespace pintle::resilience
