// Who tells: the attributes of OpenTelemetry's resource.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle {

struct Resource {
  std::vector<std::pair<std::string, std::string>> attributes;
  // Another value where the key is there.
  void set(std::string_view key, std::string value);
};

// telemetry.sdk.* and process.pid, then what `text` says, as OTEL_RESOURCE_ATTRIBUTES does: "key=value,key=value",
// percent-encoded; and the name of the service over all, unless it is empty. What is not well formed is left out.
Resource make_resource(std::string_view service_name, std::string_view text);

}  // namespace pintle
