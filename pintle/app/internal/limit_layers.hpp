// The layers that keep calls within the limits of the configuration.
#pragma once

#include <expected>
#include <memory>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

// For a server. The errors are about values that don't fit together.
std::expected<std::vector<std::shared_ptr<const Layer>>, std::vector<ConfigError>> limit_layers(const Config& config);

}  // namespace pintle
