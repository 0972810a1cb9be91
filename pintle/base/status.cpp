#include <pintle/base/status.hpp>

#include <array>

namespace pintle {

std::string_view code_name(Code code) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : kNames[2];
}

Status::Status(Code code, std::string_view message, Origin origin) {
  if (code != Code::ok) rep_ = new Rep{code, origin, std::string(message), {}};
}

void Status::release() const noexcept {
  if (rep_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete rep_;
}

Status Status::with_details(std::string details) const {
  if (ok()) return *this;
  Status copy;
  copy.rep_ = new Rep{rep_->code, rep_->origin, rep_->message, std::move(details)};
  return copy;
}

Status Status::with_origin(Origin origin) const {
  if (ok()) return *this;
  Status copy;
  copy.rep_ = new Rep{rep_->code, origin, rep_->message, rep_->details};
  return copy;
}

Status Status::with_message(std::string_view message) const {
  if (ok()) return *this;
  Status copy;
  copy.rep_ = new Rep{rep_->code, rep_->origin, std::string(message), rep_->details};
  return copy;
}

std::string Status::to_string() const {
  if (message().empty()) return std::string(code_name(code()));
  return fmt::format("{}: {}", code_name(code()), message());
}

}  // namespace pintle
