// What can go wrong in the domain and in its store, and the code that each kind has: the one table that decides.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/status.hpp>

namespace items {

// A rule that a field breaks; `field` is a path as clients write it: "item.price", "items[3].sku".
struct Violation {
  Violation(std::string f, std::string d) : field(std::move(f)), description(std::move(d)) {}
  std::string field;
  std::string description;
  friend bool operator==(const Violation&, const Violation&) = default;
};

enum class Fault : std::uint8_t {
  validation,         // the request breaks rules: violations() says which
  not_found,          // resource() does not exist
  conflict,           // resource() exists already
  revision_mismatch,  // somebody else has changed resource() meanwhile
  too_many,           // more than this service does at a time
  database_busy,      // the database is locked or away for a moment; asking again may help
  database_full,      // there is no room left
  database,           // the database failed; the message is for the log, not for the caller
  timeout,            // the database did not answer in time
  call_over,          // the call ended, or was refused, while it waited: status() says why
};
inline constexpr Fault kFaults[] = {
    Fault::validation,    Fault::not_found,     Fault::conflict, Fault::revision_mismatch, Fault::too_many,
    Fault::database_busy, Fault::database_full, Fault::database, Fault::timeout,           Fault::call_over};

struct FaultRow {
  pintle::Code code;
  std::string_view reason;          // for programs: google.rpc.ErrorInfo.reason
  std::string_view public_message;  // what callers read in place of the failure's own message; empty: they read that
  bool retry;                       // asking again later may help
};
// The row of a fault. For call_over the status's own code counts.
FaultRow row_of(Fault fault);

class Failure {
 public:
  Failure(Fault fault, std::string message) : fault_(fault), message_(std::move(message)) {}

  static Failure invalid(std::vector<Violation> violations);
  static Failure invalid(std::string field, std::string description);
  static Failure no_item(std::string_view id);
  static Failure sku_taken(std::string_view sku);
  static Failure changed_meanwhile(std::string_view id);
  static Failure call_over(pintle::Status status);

  Fault fault() const { return fault_; }
  const std::string& message() const { return message_; }
  const std::vector<Violation>& violations() const { return violations_; }
  // "item" and its id, or "sku" and its text; empty when the failure is about none.
  const std::string& resource_type() const { return resource_type_; }
  const std::string& resource() const { return resource_; }
  const pintle::Status& status() const { return status_; }
  // The position in a batch of the item that failed; -1: none.
  int position() const { return position_; }
  Failure at(int position) && {
    position_ = position;
    return std::move(*this);
  }

 private:
  Fault fault_;
  std::string message_;
  std::vector<Violation> violations_;
  std::string resource_type_, resource_;
  pintle::Status status_;
  int position_ = -1;
};

template <class T>
using Outcome = std::expected<T, Failure>;

}  // namespace items
