// Says who calls, and keeps out those who may not.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <pintle/rpc/layer.hpp>

namespace layers {

// Bearer tokens and whom they name. A real one would verify signatures; where and how often it is asked stays the same.
using Tokens = std::map<std::string, std::shared_ptr<const pintle::Identity>, std::less<>>;

// UNAUTHENTICATED without a token that is known; PERMISSION_DENIED without the role that the method's option (role)
// asks for. A token that the connection's last call had is not looked up again.
class IdentityLayer final : public pintle::Layer {
 public:
  explicit IdentityLayer(Tokens tokens) : tokens_(std::move(tokens)) {}
  std::string_view name() const override { return "identity"; }
  pintle::Place place() const override { return pintle::Place::authentication; }
  std::unique_ptr<pintle::Handler> wrap(const pintle::Site& site, pintle::Handler& next) const override;

 private:
  Tokens tokens_;
};

}  // namespace layers
