#include <pintle/middleware/errors/error_table.hpp>

#include <chrono>

#include <google/rpc/error_details.pb.h>

#include <pintle/rpc/details.hpp>

namespace pintle {

namespace {

void add_error_info(const DomainError::Parts& parts, const std::string& domain, Status& status) {
  google::rpc::ErrorInfo info;
  info.set_reason(parts.reason);
  info.set_domain(domain);
  for (const auto& [key, value] : parts.metadata) (*info.mutable_metadata())[key] = value;
  status = with_detail(status, info);
}

void add_bad_request(const DomainError::Parts& parts, Status& status) {
  if (parts.violations.empty()) return;
  google::rpc::BadRequest bad;
  for (const auto& [field, description] : parts.violations) {
    auto& violation = *bad.add_field_violations();
    violation.set_field(field);
    violation.set_description(description);
  }
  status = with_detail(status, bad);
}

void add_resource(const DomainError::Parts& parts, Status& status) {
  if (parts.resource_type.empty() && parts.resource_name.empty()) return;
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(parts.resource_type);
  resource.set_resource_name(parts.resource_name);
  status = with_detail(status, resource);
}

void add_quota(const DomainError::Parts& parts, Status& status) {
  if (parts.quotas.empty()) return;
  google::rpc::QuotaFailure failure;
  for (const auto& [subject, description] : parts.quotas) {
    auto& violation = *failure.add_violations();
    violation.set_subject(subject);
    violation.set_description(description);
  }
  status = with_detail(status, failure);
}

void add_retry(const DomainError::Parts& parts, Status& status) {
  if (parts.retry_after < Duration::zero()) return;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(parts.retry_after);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds.count());
  retry.mutable_retry_delay()->set_nanos(static_cast<int>((parts.retry_after - seconds).count()));
  status = with_detail(status, retry);
}

}  // namespace

ErrorTable::ErrorTable(std::string domain)
    : domain_(std::move(domain)), codes_{Code::invalid_argument,  Code::not_found,      Code::unauthenticated,
                                         Code::permission_denied, Code::already_exists, Code::resource_exhausted,
                                         Code::unavailable,       Code::internal,       Code::deadline_exceeded} {}

Status ErrorTable::status_of(const DomainError& error) const {
  const DomainError::Parts& parts = error.parts();
  Status status(codes_[static_cast<std::size_t>(parts.kind)], parts.message);
  add_error_info(parts, domain_, status);
  add_bad_request(parts, status);
  add_resource(parts, status);
  add_quota(parts, status);
  add_retry(parts, status);
  return status;
}

ExceptionVerdict ErrorTable::verdict_on(const DomainError& error) const {
  ExceptionVerdict verdict;
  verdict.status = status_of(error);
  verdict.secret = verdict.status.code() == Code::internal || verdict.status.code() == Code::unknown;
  verdict.log = error.parts().cause;
  return verdict;
}

std::optional<ExceptionVerdict> ErrorTable::judge(const std::exception_ptr& thrown) const {
  for (auto other = others_.rbegin(); other != others_.rend(); ++other)
    if (const auto error = (*other)(thrown)) return verdict_on(*error);
  try {
    std::rethrow_exception(thrown);
  } catch (const DomainError& error) {
    return verdict_on(error);
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace pintle
