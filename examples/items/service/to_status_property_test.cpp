#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "service/to_status.hpp"
#include "testing/generators.hpp"
#include <pintle/rpc/details.hpp>

namespace items {
namespace {

using pintle::Code;
using testing::hostile_text;

// The requirement's own table, written down a second time.
Code wanted(Fault fault) {
  switch (fault) {
    case Fault::validation:
      return Code::invalid_argument;
    case Fault::not_found:
      return Code::not_found;
    case Fault::conflict:
      return Code::already_exists;
    case Fault::revision_mismatch:
      return Code::aborted;
    case Fault::too_many:
    case Fault::database_full:
      return Code::resource_exhausted;
    case Fault::database_busy:
      return Code::unavailable;
    case Fault::database:
      return Code::internal;
    case Fault::timeout:
      return Code::deadline_exceeded;
    case Fault::call_over:
      return Code::cancelled;
  }
  std::unreachable();
}

bool stays_inside(Fault fault) {
  return fault == Fault::database || fault == Fault::database_busy || fault == Fault::database_full ||
         fault == Fault::timeout;
}

// Property 3: Error Status Mapping (requirement R2).
RC_GTEST_PROP(ToStatusProperty, Property3_ErrorStatusMapping, ()) {
  ::testing::Test::RecordProperty("property", "Property 3: Error Status Mapping");
  const Fault fault = *rc::gen::elementOf(std::vector<Fault>(std::begin(kFaults), std::end(kFaults)));
  const std::string secret = "secret " + *hostile_text();
  if (fault == Fault::call_over) {
    const pintle::Status over(pintle::code_from_number(*rc::gen::inRange(1u, 17u)), secret);
    const pintle::Status status = to_status(Failure::call_over(over), pintle::Logger());
    RC_ASSERT(status == over);
    return;
  }
  const pintle::Status status = to_status(Failure(fault, secret), pintle::Logger());
  RC_ASSERT(status.code() == wanted(fault));
  const auto info = pintle::detail_of<google::rpc::ErrorInfo>(status);
  RC_ASSERT(info.has_value());
  RC_ASSERT(info->reason() == row_of(fault).reason);
  RC_ASSERT(info->domain() == "items.pintle.dev");
  const bool told = status.message().find(secret) != std::string_view::npos ||
                    status.details().find(secret) != std::string_view::npos;
  RC_ASSERT(told != stays_inside(fault));
}

RC_GTEST_PROP(ToStatusProperty, Property3_EveryViolationIsADetail, ()) {
  ::testing::Test::RecordProperty("property", "Property 3: Error Status Mapping");
  const int count = *rc::gen::inRange(1, 6);
  std::vector<Violation> violations;
  for (int i = 0; i < count; ++i) violations.emplace_back("field" + std::to_string(i), *hostile_text());
  const pintle::Status status = to_status(Failure::invalid(violations), pintle::Logger());
  const auto bad = pintle::detail_of<google::rpc::BadRequest>(status);
  RC_ASSERT(bad.has_value());
  RC_ASSERT(bad->field_violations_size() == count);
  for (int i = 0; i < count; ++i) {
    RC_ASSERT(bad->field_violations(i).field() == violations[static_cast<std::size_t>(i)].field);
    RC_ASSERT(bad->field_violations(i).description() == violations[static_cast<std::size_t>(i)].description);
  }
}

}  // namespace
}  // namespace items
