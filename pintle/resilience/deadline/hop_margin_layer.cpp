#include <pintle/resilience/deadline/hop_margin_layer.hpp>

#include <algorithm>

namespace pintle {

namespace {

class Keeping final : public Handler {
 public:
  Keeping(Duration margin, Handler& next) : margin_(margin), next_(next) {}

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    if (call.parent != nullptr && !call.parent->deadline().is_infinite()) {
      const Deadline above = call.parent->deadline();
      const Duration left = above.remaining(call.loop().now());
      call.shorten_deadline(above.at() - std::min(margin_, left / 2));
    }
    return next_(call);
  }

 private:
  const Duration margin_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> HopMarginLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client || margin_ <= Duration::zero()) return nullptr;
  return std::make_unique<Keeping>(margin_, next);
}

}  // namespace pintle
