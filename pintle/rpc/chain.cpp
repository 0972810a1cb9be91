#include <pintle/rpc/chain.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

struct PlaceFact {
  std::string_view name;
  bool server, client;
};
constexpr PlaceFact kPlaces[] = {
    {"telemetry", true, true},      {"recover", true, false},        {"admission", true, false},
    {"deadline", true, true},       {"breaker", false, true},        {"retry", false, true},
    {"attempt", false, true},       {"authentication", true, false}, {"credentials", false, true},
    {"authorization", true, false}, {"quota", true, false},          {"validation", true, false},
    {"user", true, true},
};
const PlaceFact& fact_of(Place place) { return kPlaces[static_cast<std::size_t>(place)]; }

Task<Status> answer(Status status) { co_return status; }

// `next` may throw, at once or in its coroutine; what this step returns doesn't.
class Recovering : public Handler {
 public:
  explicit Recovering(Handler& next) : next_(next) {}
  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    try {
      Task<Status> task = next_(call);
      task.recover_with(&Recovering::recovered);
      return task;
    } catch (...) {
      return answer(call.status_of(std::current_exception()));
    }
  }

 private:
  static Status recovered(const Env& env, const std::exception_ptr& exception) noexcept {
    return for_layers(*env.call).status_of(exception);
  }
  Handler& next_;
};

class Innermost final : public Recovering {
 public:
  using Recovering::Recovering;
  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    if (!call.refusal.ok()) return answer(call.refusal);
    return Recovering::operator()(call);
  }
};

class Sorter {
 public:
  explicit Sorter(std::vector<const Layer*> layers) : layers_(std::move(layers)), inside_(layers_.size()) {}

  Status must_be_outside(std::size_t outer, std::size_t inner) {
    if (layers_[outer]->place() > layers_[inner]->place())
      return invalid_argument("the layer {} is to be outside of {}, but its place {} is inside of {}",
                              layers_[outer]->name(), layers_[inner]->name(), place_name(layers_[outer]->place()),
                              place_name(layers_[inner]->place()));
    if (layers_[outer]->place() == layers_[inner]->place()) inside_[outer].push_back(inner);
    return {};
  }

  // Depth first from the last to the first, so that what was added earlier stays outside where nothing is said.
  Result<std::vector<const Layer*>> sorted() {
    marks_.assign(layers_.size(), Mark::none);
    for (std::size_t i = layers_.size(); i-- > 0;)
      if (Status circle = visit(i); !circle.ok()) return std::unexpected(std::move(circle));
    std::vector<const Layer*> sorted;
    for (std::size_t place = 0; place < std::size(kPlaces); ++place)
      for (std::size_t i = done_.size(); i-- > 0;)
        if (done_[i]->place() == static_cast<Place>(place)) sorted.push_back(done_[i]);
    return sorted;
  }

 private:
  enum class Mark : std::uint8_t { none, open, done };
  Status visit(std::size_t i) {
    if (marks_[i] == Mark::done) return {};
    if (marks_[i] == Mark::open) {
      std::string names;
      for (auto at = std::ranges::find(path_, i); at != path_.end(); ++at)
        names.append(layers_[*at]->name()).append(" outside of ");
      return invalid_argument("the layers make a circle: {}{}", names, layers_[i]->name());
    }
    marks_[i] = Mark::open;
    path_.push_back(i);
    std::ranges::sort(inside_[i], std::greater<>());
    for (std::size_t inner : inside_[i])
      if (Status circle = visit(inner); !circle.ok()) return circle;
    path_.pop_back();
    marks_[i] = Mark::done;
    done_.push_back(layers_[i]);
    return {};
  }

  std::vector<const Layer*> layers_;
  std::vector<std::vector<std::size_t>> inside_;  // by layer: those that it must be outside of
  std::vector<Mark> marks_;
  std::vector<std::size_t> path_;
  std::vector<const Layer*> done_;  // innermost first
};

}  // namespace

std::string resolved_options(const MethodInfo& method, std::span<const MethodOverlay> overlays) {
  std::string options(method.options);
  for (const MethodOverlay& overlay : overlays)
    if (path_matches(overlay.pattern, method.path)) options += overlay.options;
  return options;
}

std::string_view place_name(Place place) { return fact_of(place).name; }

Result<std::vector<const Layer*>> order_layers(Side side, std::span<const std::shared_ptr<const Layer>> layers) {
  std::vector<const Layer*> all;
  for (const auto& layer : layers) {
    if (layer->name().empty())
      return invalid_argument("a layer in the place {} has no name", place_name(layer->place()));
    if (std::ranges::find(all, layer->name(), &Layer::name) != all.end())
      return invalid_argument("there are two layers of the name {}", layer->name());
    const PlaceFact& place = fact_of(layer->place());
    if (!(side == Side::server ? place.server : place.client))
      return invalid_argument("the layer {} stands in the place {}, which a {} does not have", layer->name(),
                              place.name, side == Side::server ? "server" : "client");
    all.push_back(layer.get());
  }
  Sorter sorter(all);
  const auto index_of = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(all, name, &Layer::name) - all.begin());
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::string_view name : all[i]->before())
      if (const std::size_t other = index_of(name); other != all.size())
        if (Status bad = sorter.must_be_outside(i, other); !bad.ok()) return std::unexpected(std::move(bad));
    for (std::string_view name : all[i]->after())
      if (const std::size_t other = index_of(name); other != all.size())
        if (Status bad = sorter.must_be_outside(other, i); !bad.ok()) return std::unexpected(std::move(bad));
  }
  return sorter.sorted();
}

Chain Chain::build(Site& site, std::unique_ptr<SlotLayout> slots, Handler& inner,
                   std::span<const Layer* const> layers) {
  Chain chain;
  chain.slots_ = std::move(slots);
  chain.top_ = &inner;
  const auto put = [&](std::unique_ptr<Handler> handler) {
    chain.top_ = handler.get();
    chain.owned_.push_back(std::move(handler));
  };
  auto innermost = std::make_unique<Innermost>(inner);
  Handler* next = innermost.get();
  for (std::size_t i = layers.size(); i-- > 0;) {
    std::unique_ptr<Handler> wrapped = layers[i]->wrap(site, *next);
    if (wrapped == nullptr) continue;
    if (innermost != nullptr) put(std::move(innermost));
    put(std::move(wrapped));
    put(std::make_unique<Recovering>(*chain.top_));
    next = chain.top_;
    chain.layers_.emplace(chain.layers_.begin(), layers[i]->name());
  }
  chain.max_message_ = site.max_message();
  return chain;
}

}  // namespace pintle
