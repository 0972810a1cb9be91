#include <pintle/services/health/health_service.hpp>

#include <optional>
#include <string_view>

#include <grpc/health/v1/health.pintle.hpp>

#include <pintle/async/first_of.hpp>

namespace pintle {

namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::health::v1::HealthListRequest;
using grpc::health::v1::HealthListResponse;
using ServingStatus = HealthCheckResponse::ServingStatus;

constexpr std::size_t kMostListed = 100;  // gRFC A90

ServingStatus serving_status(Health health) {
  switch (health) {
    case Health::serving:
      return HealthCheckResponse::SERVING;
    case Health::not_serving:
      return HealthCheckResponse::NOT_SERVING;
    case Health::unknown:
      break;
  }
  return HealthCheckResponse::UNKNOWN;
}

class HealthService final : public grpc::health::v1::Health::Service {
 public:
  explicit HealthService(const HealthStates& states) : states_(states) {}

  Task<Result<HealthCheckResponse>> Check(Call&, const HealthCheckRequest& request) override {
    const Snapshot<HealthStates::State> now = states_.get();
    const auto found = now->map.find(request.service());
    if (found == now->map.end()) co_return not_found("no health is known of \"{}\"", request.service());
    HealthCheckResponse response;
    response.set_status(serving_status(found->second));
    co_return response;
  }

  Task<Status> Watch(Call& call, const HealthCheckRequest& request, Writer<HealthCheckResponse>& out) override {
    const std::string name = request.service();
    HealthCheckResponse response;
    for (std::optional<ServingStatus> told; !call.cancelled();) {
      const Snapshot<HealthStates::State> now = states_.get();
      const auto found = now->map.find(name);
      const bool over = now->shut_down || call.is_draining();
      const ServingStatus is = over                      ? HealthCheckResponse::NOT_SERVING
                               : found == now->map.end() ? HealthCheckResponse::SERVICE_UNKNOWN
                                                         : serving_status(found->second);
      if (told != is) {
        told = is;
        response.set_status(is);
        if (Status sent = co_await out.write(response); !sent.ok()) co_return sent;
      }
      if (over) co_return Status();
      co_await first_of(states_.watched().changed(now.version), call.drained());
    }
    co_return call.status();
  }

  Task<Result<HealthListResponse>> List(Call&, const HealthListRequest&) override {
    const Snapshot<HealthStates::State> now = states_.get();
    if (now->map.size() > kMostListed)
      co_return resource_exhausted("health is known of {} names, more than {} are not listed", now->map.size(),
                                   kMostListed);
    HealthListResponse response;
    for (const auto& [name, health] : now->map) (*response.mutable_statuses())[name].set_status(serving_status(health));
    co_return response;
  }

 private:
  const HealthStates& states_;
};

}  // namespace

std::unique_ptr<Service> make_health_service(const HealthStates& states) {
  return std::make_unique<HealthService>(states);
}

}  // namespace pintle
