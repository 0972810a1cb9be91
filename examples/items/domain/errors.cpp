#include <utility>

#include <fmt/core.h>

#include "domain/errors.hpp"

namespace items {

using pintle::Code;

FaultRow row_of(Fault fault) {
  switch (fault) {
    case Fault::validation:
      return {Code::invalid_argument, "VALIDATION", "", false};
    case Fault::not_found:
      return {Code::not_found, "ITEM_NOT_FOUND", "", false};
    case Fault::conflict:
      return {Code::already_exists, "SKU_TAKEN", "", false};
    case Fault::revision_mismatch:
      return {Code::aborted, "ETAG_MISMATCH", "", false};
    case Fault::too_many:
      return {Code::resource_exhausted, "TOO_MANY", "", true};
    case Fault::database_busy:
      return {Code::unavailable, "DATABASE_BUSY", "the database is busy; try again", true};
    case Fault::database_full:
      return {Code::resource_exhausted, "DATABASE_FULL", "the database is full", false};
    case Fault::database:
      return {Code::internal, "DATABASE", "the database failed", false};
    case Fault::timeout:
      return {Code::deadline_exceeded, "TIMEOUT", "the database did not answer in time", false};
    case Fault::call_over:
      return {Code::cancelled, "CALL_OVER", "", false};
  }
  std::unreachable();
}

Failure Failure::invalid(std::vector<Violation> violations) {
  std::string message = "the request breaks rules";
  for (std::size_t i = 0; i < violations.size(); ++i)
    message += fmt::format("{} {}: {}", i == 0 ? ":" : ";", violations[i].field, violations[i].description);
  Failure failure(Fault::validation, std::move(message));
  failure.violations_ = std::move(violations);
  return failure;
}

Failure Failure::invalid(std::string field, std::string description) {
  std::vector<Violation> one;
  one.emplace_back(std::move(field), std::move(description));
  return invalid(std::move(one));
}

Failure Failure::no_item(std::string_view id) {
  Failure failure(Fault::not_found, fmt::format("no item has the id {}", id));
  failure.resource_type_ = "items.v1.Item";
  failure.resource_ = id;
  return failure;
}

Failure Failure::sku_taken(std::string_view sku) {
  Failure failure(Fault::conflict, fmt::format("another item has the sku {}", sku));
  failure.resource_type_ = "items.v1.Item/sku";
  failure.resource_ = sku;
  return failure;
}

Failure Failure::changed_meanwhile(std::string_view id) {
  Failure failure(Fault::revision_mismatch, fmt::format("the item {} was changed meanwhile: its etag is another", id));
  failure.resource_type_ = "items.v1.Item";
  failure.resource_ = id;
  return failure;
}

Failure Failure::call_over(pintle::Status status) {
  Failure failure(Fault::call_over, std::string(status.message()));
  failure.status_ = std::move(status);
  return failure;
}

}  // namespace items
