// The longest message that each method receives.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

struct MessageSizeRule {
  MessageSizeRule(std::string methods, std::size_t bytes) : pattern(std::move(methods)), most(bytes) {}
  std::string pattern;  // of the methods' paths (path_pattern.hpp)
  std::size_t most;     // decompressed
};

// Says it once to the server, which ends a call with RESOURCE_EXHAUSTED before it reads a longer one; around calls
// there is nothing. Of the rules the first whose pattern matches counts; none can be above what the server takes.
class MessageSizeLayer final : public Layer {
 public:
  explicit MessageSizeLayer(std::vector<MessageSizeRule> rules) : rules_(std::move(rules)) {}
  std::string_view name() const override { return "message_size"; }
  Place place() const override { return Place::admission; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const std::vector<MessageSizeRule> rules_;
};

}  // namespace pintle
