// Identity and authorization of a process, wired by its settings.
#pragma once

#include <memory>
#include <vector>

#include <pintle/app/internal/security_settings.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/watched.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

class Security {
 public:
  Security(SecuritySettings settings, const Clock& clock, Logger log, Meters meters);
  Security(const Security&) = delete;

  // For the server, beside `others`; none where nothing is asked for.
  std::vector<std::shared_ptr<const Layer>> layers(std::vector<std::shared_ptr<const Layer>> others) const;
  // On the loop of `env`: keys and policy are read again until its scope is cancelled, and when `asked` changes.
  void start(const Env& env, Nursery& tasks, const Watched<std::uint64_t>& asked);
  const AuthorizationLayer& authorization() const { return *authorization_; }

 private:
  std::shared_ptr<KeyRing> ring_of(const IssuerSettings& issuer) const;

  const SecuritySettings settings_;
  const Clock& clock_;
  const Logger log_;
  const Meters meters_;
  std::vector<std::shared_ptr<KeyRing>> rings_;
  std::shared_ptr<PolicyStore> policy_;
  std::shared_ptr<const Layer> authentication_;  // null: nobody is asked
  std::shared_ptr<const AuthorizationLayer> authorization_;
  std::string policy_text_;  // that is in force; one worker at a time
};

}  // namespace pintle
