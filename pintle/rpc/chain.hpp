// The compiled chain of one method: its layers around its innermost handler, in their order.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

// The layers of a server or channel in the order of their places, outermost first. INVALID_ARGUMENT names the layers
// when two have one name, one has none, stands in a place that `side` does not have, asks for an order that contradicts
// the places, or when the orders that they ask for make a circle.
Result<std::vector<const Layer*>> order_layers(Side side, std::span<const std::shared_ptr<const Layer>> layers);

// Moveable; its top stays where it is.
class Chain {
 public:
  Chain() = default;
  // `layers` outermost first; they and `inner` must outlive the chain. Between two of them, and around `inner`, stands
  // a step that turns exceptions into the status of the call's ExceptionPolicy; the innermost one answers refused
  // calls.
  static Chain build(Site& site, std::unique_ptr<SlotLayout> slots, Handler& inner,
                     std::span<const Layer* const> layers);

  Handler& top() const { return *top_; }
  explicit operator bool() const { return top_ != nullptr; }
  // No layer applied: top() is the innermost handler itself, which may throw, and knows nothing of refusals.
  bool bare() const { return owned_.empty(); }
  const SlotLayout* slots() const { return slots_.get(); }
  // What Site::limit_messages() came to.
  std::size_t max_message() const { return max_message_; }
  // The names of the layers that applied, outermost first.
  const std::vector<std::string>& layers() const { return layers_; }

 private:
  Handler* top_ = nullptr;
  std::vector<std::unique_ptr<Handler>> owned_;  // innermost first
  std::unique_ptr<SlotLayout> slots_;
  std::vector<std::string> layers_;
  std::size_t max_message_ = SIZE_MAX;
};

}  // namespace pintle
