// The messages of calls in the log, for finding faults. Off unless somebody asks for it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

struct PayloadLogOptions {
  PayloadLogOptions() = default;
  std::vector<std::string> methods;  // patterns (path_pattern.hpp); none: no method
  std::size_t most = 1024;           // bytes of each message's text
};

// In the place telemetry, innermost of it, on both sides. A line for each message that is read or written, "message",
// with grpc.component, grpc.method, direction (in or out), content (message_text.hpp: fields that are marked are left
// out) and the request's id. Metadata are never written. A request is logged when its handler reads it: one that
// nobody reads leaves no line.
class PayloadLogLayer final : public Layer {
 public:
  explicit PayloadLogLayer(PayloadLogOptions options) : options_(std::move(options)) {}
  std::string_view name() const override { return "payload_log"; }
  Place place() const override { return Place::telemetry; }
  std::vector<std::string_view> after() const override { return {"access_log"}; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const PayloadLogOptions options_;
};

}  // namespace pintle
