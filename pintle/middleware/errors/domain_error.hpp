// An error in an application's own terms, thrown where it is found and made a status in one place.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/clock.hpp>

namespace pintle {

// What went wrong; error_table.hpp says which code of gRPC that is.
enum class ErrorKind : std::uint8_t {
  validation,        // INVALID_ARGUMENT
  not_found,         // NOT_FOUND
  unauthorized,      // UNAUTHENTICATED
  forbidden,         // PERMISSION_DENIED
  conflict,          // ALREADY_EXISTS
  rate_limit,        // RESOURCE_EXHAUSTED
  external_service,  // UNAVAILABLE
  database,          // INTERNAL; its message is for the log only
  timeout,           // DEADLINE_EXCEEDED
};
inline constexpr std::size_t kErrorKinds = 9;
// "VALIDATION", "NOT_FOUND", ...: the reason of an error that names none.
std::string_view kind_name(ErrorKind kind);

// Throw it from a handler or from anything that a handler calls:
//
//   throw DomainError(ErrorKind::not_found, "no item has the id 7").reason("ITEM_NOT_FOUND").resource("item", "7");
//
// Copies share what they hold, so copying one does not throw; a copy that is changed changes alone.
class DomainError : public std::exception {
 public:
  // `message` is for the caller, but for kinds whose message is not.
  DomainError(ErrorKind kind, std::string message);

  // google.rpc.ErrorInfo.reason, UPPER_SNAKE_CASE, and an entry of its metadata.
  DomainError& reason(std::string reason);
  DomainError& metadata(std::string key, std::string value);
  // google.rpc.ResourceInfo: what is missing, or in the way.
  DomainError& resource(std::string type, std::string name);
  // google.rpc.BadRequest: one more field that breaks a rule.
  DomainError& violation(std::string field, std::string description);
  // google.rpc.QuotaFailure: one more limit that was reached.
  DomainError& quota(std::string subject, std::string description);
  // google.rpc.RetryInfo: not before.
  DomainError& retry_after(Duration delay);
  // What brought it about, for the log only.
  DomainError& cause(std::string text);

  struct Parts {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    ErrorKind kind;
    std::string message, reason, cause;
    std::string resource_type, resource_name;
    Pairs metadata, violations, quotas;
    Duration retry_after = Duration::min();  // min(): it says nothing of it
  };
  const Parts& parts() const noexcept { return *parts_; }
  ErrorKind kind() const noexcept { return parts_->kind; }
  const char* what() const noexcept override { return parts_->message.c_str(); }

 private:
  Parts& own();
  std::shared_ptr<Parts> parts_;
};

}  // namespace pintle
