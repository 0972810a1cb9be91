#include <pintle/middleware/message_size/message_size_layer.hpp>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

std::unique_ptr<Handler> MessageSizeLayer::wrap(const Site& site, Handler&) const {
  for (const MessageSizeRule& rule : rules_) {
    if (!path_matches(rule.pattern, site.method.path)) continue;
    site.limit_messages(rule.most);
    break;
  }
  return nullptr;
}

}  // namespace pintle
