// How a call ended: the sixteen codes of gRPC and OK, a message for people, details for programs, and who started it.
//
// Codes and their meaning: https://grpc.io/docs/guides/status-codes/ (grpc/doc/statuscodes.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace pintle {

enum class Code : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

// "OK", "NOT_FOUND", ...: the names of the specification. A value outside the enumeration gives "UNKNOWN".
std::string_view code_name(Code code);
// The code of a number on the wire; what is not a code is unknown, as gRPC rules.
constexpr Code code_from_number(std::uint32_t number) {
  return number <= 16 ? static_cast<Code>(number) : Code::unknown;
}

// Who brought a call to its end: the question that operators ask first.
enum class Origin : std::uint8_t {
  application,  // a handler, or a status that a handler made
  library,      // Pintle on this side: a limit, a deadline, a missing method
  peer,         // it came over the wire
};

// A value type; an OK status is a null pointer and costs nothing to pass about. Copying one that is not OK shares it
// (the representation never changes once shared). Safe to read from several threads.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  explicit Status(Code code, std::string_view message = {}, Origin origin = Origin::application);
  Status(const Status& other) noexcept : rep_(other.rep_) {
    if (rep_ != nullptr) rep_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Status(Status&& other) noexcept : rep_(std::exchange(other.rep_, nullptr)) {}
  Status& operator=(Status other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~Status() {
    if (rep_ != nullptr) release();
  }
  static Status ok_status() noexcept { return {}; }

  bool ok() const noexcept { return rep_ == nullptr; }
  Code code() const noexcept { return rep_ ? rep_->code : Code::ok; }
  std::string_view message() const noexcept { return rep_ ? std::string_view(rep_->message) : std::string_view(); }
  Origin origin() const noexcept { return rep_ ? rep_->origin : Origin::application; }

  // The serialised google.rpc.Status that travels as grpc-status-details-bin; empty when there is none. rpc/details.hpp
  // reads and writes it as messages.
  std::string_view details() const noexcept { return rep_ ? std::string_view(rep_->details) : std::string_view(); }
  // The same status with other details. An OK status has none and stays as it is.
  Status with_details(std::string details) const;
  Status with_origin(Origin origin) const;
  Status with_message(std::string_view message) const;

  // "NOT_FOUND: no item has the id 7", for logs and tests.
  std::string to_string() const;

  // Code and message are equal; details and origin are not compared.
  friend bool operator==(const Status& a, const Status& b) noexcept {
    return a.code() == b.code() && a.message() == b.message();
  }

 private:
  struct Rep {
    Code code;
    Origin origin;
    std::string message;
    std::string details;
    mutable std::atomic<std::size_t> owners = 1;
  };
  void release() const noexcept;

  const Rep* rep_ = nullptr;
};

template <class T>
using Result = std::expected<T, Status>;

// An error to return from a function whose result is a Result<T>, a Status, or a Task of either:
// `co_return pintle::not_found("no item has the id {}", id);`
class [[nodiscard]] Error {
 public:
  explicit Error(Status status) : status_(std::move(status)) {}
  Error(Code code, std::string_view message) : status_(code, message) {}
  operator Status() const& { return status_; }
  operator Status() && { return std::move(status_); }
  template <class T>
  operator Result<T>() && {
    return std::unexpected(std::move(status_));
  }
  template <class T>
  operator Result<T>() const& {
    return std::unexpected(status_);
  }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

#define PINTLE_STATUS_FACTORY(name)                                        \
  template <class... Args>                                                 \
  Error name(fmt::format_string<Args...> format, Args&&... args) {         \
    return {Code::name, fmt::format(format, std::forward<Args>(args)...)}; \
  }
PINTLE_STATUS_FACTORY(cancelled)
PINTLE_STATUS_FACTORY(unknown)
PINTLE_STATUS_FACTORY(invalid_argument)
PINTLE_STATUS_FACTORY(deadline_exceeded)
PINTLE_STATUS_FACTORY(not_found)
PINTLE_STATUS_FACTORY(already_exists)
PINTLE_STATUS_FACTORY(permission_denied)
PINTLE_STATUS_FACTORY(resource_exhausted)
PINTLE_STATUS_FACTORY(failed_precondition)
PINTLE_STATUS_FACTORY(aborted)
PINTLE_STATUS_FACTORY(out_of_range)
PINTLE_STATUS_FACTORY(unimplemented)
PINTLE_STATUS_FACTORY(internal)
PINTLE_STATUS_FACTORY(unavailable)
PINTLE_STATUS_FACTORY(data_loss)
PINTLE_STATUS_FACTORY(unauthenticated)
#undef PINTLE_STATUS_FACTORY

}  // namespace pintle
