// What is left of an incoming call's deadline goes to the calls that are made for it, less a margin.
#pragma once

#include <memory>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

// In the place deadline, on a client. A call that is made for another one ends `margin` before that one's deadline, so
// that its handler has time to answer; never more than half of what is left is kept back. A call that is made for
// nobody keeps the deadline that it has.
class HopMarginLayer final : public Layer {
 public:
  explicit HopMarginLayer(Duration margin) : margin_(margin) {}
  std::string_view name() const override { return "hop_margin"; }
  Place place() const override { return Place::deadline; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const Duration margin_;
};

}  // namespace pintle
