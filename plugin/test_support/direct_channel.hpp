// The kit's direct channel, with a note of what went through it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/rpc/layer.hpp>
#include <pintle/testing/kit/direct_channel.hpp>

namespace pintle::plugin {

// x-tenant of each call.
class Tenants final : public Layer {
 public:
  std::string_view name() const override { return "tenants"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Noting final : Handler {
      Noting(Handler& n, std::vector<std::string>& s) : next(n), seen(s) {}
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
        seen.emplace_back(call.request_metadata.get("x-tenant").value_or("none"));
        return next(call);
      }
      Handler& next;
      std::vector<std::string>& seen;
    };
    return std::make_unique<Noting>(next, seen_);
  }
  const std::vector<std::string>& seen() const { return seen_; }

 private:
  mutable std::vector<std::string> seen_;
};

class DirectChannel final : public pintle::testing::DirectChannel {
 public:
  DirectChannel(Service& service, Loop& loop, bool pooled)
      : DirectChannel(service, loop, pooled, std::make_shared<Tenants>()) {}
  Handler& method(const MethodInfo& method) override {
    ++resolved;
    return pintle::testing::DirectChannel::method(method);
  }
  const std::vector<std::string>& tenants() const { return tenants_->seen(); }

  int resolved = 0;  // how often a stub asked for a method

 private:
  DirectChannel(Service& service, Loop& loop, bool pooled, std::shared_ptr<const Tenants> tenants)
      : pintle::testing::DirectChannel(service, loop, {tenants}, pooled ? Replies::pooled : Replies::by_value),
        tenants_(std::move(tenants)) {}

  std::shared_ptr<const Tenants> tenants_;
};

}  // namespace pintle::plugin
