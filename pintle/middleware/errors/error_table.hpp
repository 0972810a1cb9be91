// The one place that says which status an application's error is.
#pragma once

#include <array>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/status.hpp>
#include <pintle/middleware/errors/domain_error.hpp>
#include <pintle/rpc/exception_verdict.hpp>

namespace pintle {

// Set up by one thread, then asked by any.
class ErrorTable {
 public:
  // `domain` is that of every google.rpc.ErrorInfo: who defines its reason, "items.example.com".
  explicit ErrorTable(std::string domain = {});

  void set_domain(std::string domain) { domain_ = std::move(domain); }
  // Another code for a kind. One that is INTERNAL or UNKNOWN keeps its message from callers.
  void set_code(ErrorKind kind, Code code) { codes_[static_cast<std::size_t>(kind)] = code; }
  // Exceptions of a type of the application's, or of a library's, and those derived from it; what was added last is
  // asked first.
  //
  //   app.errors().add<sqlite::busy>([](const sqlite::busy&) { return DomainError(ErrorKind::timeout, "try again"); });
  template <class E>
  void add(std::function<DomainError(const E&)> make) {
    others_.push_back([make = std::move(make)](const std::exception_ptr& thrown) -> std::optional<DomainError> {
      try {
        std::rethrow_exception(thrown);
      } catch (const E& e) {
        return make(e);
      } catch (...) {
        return std::nullopt;
      }
    });
  }

  // With ErrorInfo always, and BadRequest, ResourceInfo, QuotaFailure and RetryInfo where the error has such parts.
  Status status_of(const DomainError& error) const;
  // The same for what left a handler; nothing: nobody expected it.
  std::optional<ExceptionVerdict> judge(const std::exception_ptr& thrown) const;

 private:
  using Other = std::function<std::optional<DomainError>(const std::exception_ptr&)>;
  ExceptionVerdict verdict_on(const DomainError& error) const;

  std::string domain_;
  std::array<Code, kErrorKinds> codes_;
  std::vector<Other> others_;
};

}  // namespace pintle
