#include <pintle/middleware/errors/domain_error.hpp>

namespace pintle {

std::string_view kind_name(ErrorKind kind) {
  constexpr std::string_view kNames[kErrorKinds] = {"VALIDATION",       "NOT_FOUND", "UNAUTHORIZED",
                                                    "FORBIDDEN",        "CONFLICT",  "RATE_LIMIT",
                                                    "EXTERNAL_SERVICE", "DATABASE",  "TIMEOUT"};
  return kNames[static_cast<std::size_t>(kind)];
}

DomainError::DomainError(ErrorKind kind, std::string message)
    : parts_(std::make_shared<Parts>(Parts{.kind = kind,
                                           .message = std::move(message),
                                           .reason = std::string(kind_name(kind)),
                                           .cause = {},
                                           .resource_type = {},
                                           .resource_name = {},
                                           .metadata = {},
                                           .violations = {},
                                           .quotas = {}})) {}

DomainError::Parts& DomainError::own() {
  if (parts_.use_count() != 1) parts_ = std::make_shared<Parts>(*parts_);
  return *parts_;
}

DomainError& DomainError::reason(std::string reason) {
  own().reason = std::move(reason);
  return *this;
}

DomainError& DomainError::metadata(std::string key, std::string value) {
  own().metadata.emplace_back(std::move(key), std::move(value));
  return *this;
}

DomainError& DomainError::resource(std::string type, std::string name) {
  own().resource_type = std::move(type);
  own().resource_name = std::move(name);
  return *this;
}

DomainError& DomainError::violation(std::string field, std::string description) {
  own().violations.emplace_back(std::move(field), std::move(description));
  return *this;
}

DomainError& DomainError::quota(std::string subject, std::string description) {
  own().quotas.emplace_back(std::move(subject), std::move(description));
  return *this;
}

DomainError& DomainError::retry_after(Duration delay) {
  own().retry_after = delay;
  return *this;
}

DomainError& DomainError::cause(std::string text) {
  own().cause = std::move(text);
  return *this;
}

}  // namespace pintle
