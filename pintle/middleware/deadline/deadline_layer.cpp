#include <pintle/middleware/deadline/deadline_layer.hpp>

#include <algorithm>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

class Limiting final : public Handler {
 public:
  Limiting(Duration preset, Duration most, Handler& next) : preset_(preset), most_(most), next_(next) {}

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    const Duration limit = call.deadline().is_infinite() ? preset_ : most_;
    if (const Deadline wanted = Deadline::after(call.started(), limit); !wanted.is_infinite())
      call.shorten_deadline(wanted.at());
    return next_(call);
  }

 private:
  const Duration preset_, most_;  // max(): none
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> DeadlineLayer::wrap(const Site& site, Handler& next) const {
  const bool unary = site.method.kind == Kind::unary;
  const auto rule = std::ranges::find_if(rules_, [&](const DeadlineRule& r) {
    return path_matches(r.pattern, site.method.path) && (unary || !r.unary_only);
  });
  if (rule == rules_.end() || (!rule->preset && !rule->most)) return nullptr;
  const Duration most = rule->most.value_or(Duration::max());
  return std::make_unique<Limiting>(std::min(rule->preset.value_or(Duration::max()), most), most, next);
}

}  // namespace pintle
