// Gives every call an id that goes with it from process to process.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <pintle/rpc/layer.hpp>

namespace pintle {

struct RequestIdOptions {
  RequestIdOptions() = default;
  std::string key = "x-request-id";  // of the metadata
};

// In the place telemetry, outermost of it, on both sides.
// - Server: the id that the request has under that key, where it is 1 to 128 visible ASCII characters (anything else is
//   as if it were not there), or a new one, 32 hexadecimal digits. The response's head tells it.
// - Client: the id of the incoming call on whose behalf this one is made, unless the caller has set one, or a new one.
// The call has it as a RequestId.
class RequestIdLayer final : public Layer {
 public:
  explicit RequestIdLayer(RequestIdOptions options = {}) : options_(std::move(options)) {}
  std::string_view name() const override { return "request_id"; }
  Place place() const override { return Place::telemetry; }
  std::vector<std::string_view> before() const override { return {"tracing", "metrics", "access_log"}; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const RequestIdOptions options_;
};

// Whether an id that a stranger chose may stand in logs and travel on.
bool is_request_id(std::string_view text);

}  // namespace pintle
