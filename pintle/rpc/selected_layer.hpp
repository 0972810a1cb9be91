// A layer for some methods.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

// The same layer, but only around the methods whose paths match one of the patterns (path_pattern.hpp):
// `app.add_layer(for_methods({"/shop.v1.Admin/*"}, std::make_shared<Audit>()))`.
std::shared_ptr<const Layer> for_methods(std::vector<std::string> patterns, std::shared_ptr<const Layer> layer);
// Only around those whose paths match none.
std::shared_ptr<const Layer> except_methods(std::vector<std::string> patterns, std::shared_ptr<const Layer> layer);

}  // namespace pintle
