#include <pintle/middleware/overload_status.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include <google/rpc/error_details.pb.h>

#include <pintle/rpc/details.hpp>

namespace pintle {

Status overloaded(LayerCall& call, Code code, std::string_view message, Duration come_back_in) {
  const auto wait = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(come_back_in).count());
  call.response_trailers.set("grpc-retry-pushback-ms", std::to_string(wait));
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(wait / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(wait % 1000 * 1'000'000));
  return with_detail(Status(code, message, Origin::library), info);
}

}  // namespace pintle
