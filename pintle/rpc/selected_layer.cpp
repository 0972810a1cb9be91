#include <pintle/rpc/selected_layer.hpp>

#include <algorithm>
#include <utility>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

class SelectedLayer final : public Layer {
 public:
  SelectedLayer(std::vector<std::string> patterns, std::shared_ptr<const Layer> layer, bool where_matched)
      : patterns_(std::move(patterns)), layer_(std::move(layer)), where_matched_(where_matched) {}
  std::string_view name() const override { return layer_->name(); }
  Place place() const override { return layer_->place(); }
  std::vector<std::string_view> before() const override { return layer_->before(); }
  std::vector<std::string_view> after() const override { return layer_->after(); }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    const bool matched = std::ranges::any_of(
        patterns_, [&](const std::string& pattern) { return path_matches(pattern, site.method.path); });
    return matched == where_matched_ ? layer_->wrap(site, next) : nullptr;
  }

 private:
  const std::vector<std::string> patterns_;
  const std::shared_ptr<const Layer> layer_;
  const bool where_matched_;
};

}  // namespace

std::shared_ptr<const Layer> for_methods(std::vector<std::string> patterns, std::shared_ptr<const Layer> layer) {
  return std::make_shared<SelectedLayer>(std::move(patterns), std::move(layer), true);
}

std::shared_ptr<const Layer> except_methods(std::vector<std::string> patterns, std::shared_ptr<const Layer> layer) {
  return std::make_shared<SelectedLayer>(std::move(patterns), std::move(layer), false);
}

}  // namespace pintle
