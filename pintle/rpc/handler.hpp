// The core in one sentence: a Layer wraps a Handler, an asynchronous function from a call to its status.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/type_info.hpp>

namespace pintle {

class Call;

// Handles the calls of one method; client and server alike. One object serves many calls at once, on every loop. It
// returns when the response is complete; messages go through the call's Source and Sink.
class Handler {
 public:
  virtual Task<Status> operator()(Call& call) = 0;
  virtual ~Handler() = default;
};

// Makes a handler around another, once per method, when the server or channel starts.
class Layer {
 public:
  // Null: the layer does not apply to this method. `next` outlives the result.
  virtual std::unique_ptr<Handler> wrap(const MethodInfo& method, Handler& next) const = 0;
  virtual ~Layer() = default;
};

// The layers of one method around its innermost handler.
class Chain {
 public:
  Chain() = default;
  // `layers` outermost first; they and `inner` must outlive the chain.
  static Chain build(const MethodInfo& method, Handler& inner, std::span<const Layer* const> layers) {
    Chain chain;
    chain.top_ = &inner;
    for (std::size_t i = layers.size(); i-- > 0;) {
      if (auto handler = layers[i]->wrap(method, *chain.top_)) {
        chain.top_ = handler.get();
        chain.owned_.push_back(std::move(handler));
      }
    }
    return chain;
  }
  Handler& top() const { return *top_; }
  explicit operator bool() const { return top_ != nullptr; }

 private:
  Handler* top_ = nullptr;
  std::vector<std::unique_ptr<Handler>> owned_;  // innermost first
};

// Where a stub's calls go.
class Channel {
 public:
  // The compiled chain of one method; stubs ask once. It lives as long as the channel. Any thread.
  virtual Handler& method(const MethodInfo& method) = 0;
  // A loop on which a call from a foreign thread may run. Any thread.
  virtual Loop& loop() = 0;
  virtual ~Channel() = default;
};

// What a server serves: generated service classes derive from it, and so do proxies.
class Service {
 public:
  virtual const ServiceInfo& info() const = 0;
  // The handler of info().methods[index]. Called once per method when the server starts; the service outlives it.
  virtual std::unique_ptr<Handler> handler(std::size_t index) = 0;
  virtual ~Service() = default;
};

}  // namespace pintle
