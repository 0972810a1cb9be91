// The layers that a process puts around every call, by its configuration.
#pragma once

#include <memory>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

namespace config::v1 {
class Telemetry;
}

struct OwnLayers {
  // `tracing` null: none. `validates`: requests are checked by the rules in their .proto. `guards`: of the server, what
  // stands before its handlers.
  OwnLayers(const config::v1::Telemetry& settings, std::shared_ptr<const Layer> tracing,
            const std::vector<std::shared_ptr<const Layer>>& guards, bool validates);
  std::vector<std::shared_ptr<const Layer>> server, client;
};

}  // namespace pintle
