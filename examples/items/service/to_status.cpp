#include <string>

#include <google/rpc/error_details.pb.h>

#include "service/to_status.hpp"
#include <pintle/rpc/details.hpp>

namespace items {

namespace {

constexpr const char* kDomain = "items.pintle.dev";

google::rpc::ErrorInfo error_info(const Failure& failure, const FaultRow& row) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(row.reason));
  info.set_domain(kDomain);
  if (failure.position() >= 0) (*info.mutable_metadata())["position"] = std::to_string(failure.position());
  return info;
}

google::rpc::BadRequest bad_request(const std::vector<Violation>& violations) {
  google::rpc::BadRequest bad;
  for (const Violation& violation : violations) {
    auto& field = *bad.add_field_violations();
    field.set_field(violation.field);
    field.set_description(violation.description);
  }
  return bad;
}

google::rpc::ResourceInfo resource_info(const Failure& failure) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(failure.resource_type());
  resource.set_resource_name(failure.resource());
  resource.set_description(failure.message());
  return resource;
}

google::rpc::RetryInfo retry_info() {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  return retry;
}

}  // namespace

pintle::Error to_status(const Failure& failure, const pintle::Logger& log) {
  if (failure.fault() == Fault::call_over) return pintle::Error(failure.status());
  const FaultRow row = row_of(failure.fault());
  if (!row.public_message.empty())
    log.error("the store failed", {{"reason", row.reason}, {"error", failure.message()}});
  pintle::Status status(row.code,
                        row.public_message.empty() ? std::string_view(failure.message()) : row.public_message);
  status = pintle::with_detail(status, error_info(failure, row));
  if (!failure.violations().empty()) status = pintle::with_detail(status, bad_request(failure.violations()));
  if (!failure.resource().empty()) status = pintle::with_detail(status, resource_info(failure));
  if (row.retry) status = pintle::with_detail(status, retry_info());
  return pintle::Error(std::move(status));
}

}  // namespace items
