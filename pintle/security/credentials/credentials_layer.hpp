// Sends a token with every call.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <pintle/rpc/layer.hpp>
#include <pintle/security/credentials/token_source.hpp>

namespace pintle {

// In the place credentials, on a client, so each attempt has the token of its own time: "authorization: Bearer ...". A
// call that brings an authorization of its own keeps it. Without a token the call ends with UNAVAILABLE.
class CredentialsLayer final : public Layer {
 public:
  // `plaintext`: where the channel has no TLS too, so that everybody on the way can read the token. A channel refuses
  // the layer otherwise.
  explicit CredentialsLayer(std::shared_ptr<const TokenSource> source, bool plaintext = false)
      : source_(std::move(source)), plaintext_(plaintext) {}
  std::string_view name() const override { return "credentials"; }
  Place place() const override { return Place::credentials; }
  bool needs_tls() const override { return !plaintext_; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const std::shared_ptr<const TokenSource> source_;
  const bool plaintext_;
};

}  // namespace pintle
