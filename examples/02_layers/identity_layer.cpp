#include "identity_layer.hpp"
#include "kept_out.hpp"
#include "options.pb.h"
#include <pintle/rpc/options.hpp>

namespace layers {
namespace {

constexpr std::string_view kScheme = "Bearer ";

pintle::Task<pintle::Status> answer(pintle::Status status) { co_return status; }

// [handler]
class Identified final : public pintle::Handler {
 public:
  Identified(const pintle::Site& site, const Tokens& tokens, pintle::Handler& next)
      : tokens_(tokens),
        role_(pintle::method_option(site, v1::role).value_or("")),
        kept_out_(site.slot<KeptOut>()),
        next_(next) {}

  // No frame of its own: what `next` returns is what this returns.
  [[clang::coro_wrapper]] pintle::Task<pintle::Status> operator()(pintle::LayerCall& call) override {
    if (pintle::Status refusal = admit(call); !refusal.ok()) return answer(std::move(refusal));
    return next_(call);
  }

 private:
  pintle::Status admit(pintle::LayerCall& call) const {
    const auto header = call.request_metadata.get("authorization");
    if (!header)
      return keep_out(call, KeptOut::no_token,
                      pintle::unauthenticated("the call has no authorization; send 'Bearer TOKEN'"));
    const auto identity = find(call, *header);
    if (identity == nullptr)
      return keep_out(call, KeptOut::unknown_token, pintle::unauthenticated("the token is not known"));
    call.set_identity(identity);
    if (!role_.empty() && !identity->has_role(role_))
      return keep_out(call, KeptOut::no_role,
                      pintle::permission_denied("{} has not the role {}", identity->subject(), role_));
    return {};
  }

  pintle::Status keep_out(pintle::LayerCall& call, KeptOut why, pintle::Status status) const {
    kept_out_.emplace(call, why);
    return status;
  }

  std::shared_ptr<const pintle::Identity> find(pintle::LayerCall& call, std::string_view header) const {
    constexpr std::uint64_t kEpoch = 1;  // tokens never change here
    if (call.verified != nullptr)
      if (const auto* known = call.verified->find(call.credential_id, header, kEpoch)) return *known;
    if (!header.starts_with(kScheme)) return nullptr;
    const auto found = tokens_.find(header.substr(kScheme.size()));
    if (found == tokens_.end()) return nullptr;
    if (call.verified != nullptr) call.verified->store(call.credential_id, header, kEpoch, found->second);
    return found->second;
  }

  const Tokens& tokens_;
  const std::string role_;
  const pintle::Slot<KeptOut> kept_out_;
  pintle::Handler& next_;
};
// [/handler]

}  // namespace

std::unique_ptr<pintle::Handler> IdentityLayer::wrap(const pintle::Site& site, pintle::Handler& next) const {
  return std::make_unique<Identified>(site, tokens_, next);
}

}  // namespace layers
