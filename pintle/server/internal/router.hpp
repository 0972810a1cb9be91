// The methods of a server, each with its compiled chains, found by path. Made before the first connection, never
// changed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <pintle/rpc/chain.hpp>
#include <pintle/rpc/inspect.hpp>

namespace pintle::server {

struct Method {
  MethodInfo info;
  std::size_t index = 0;             // in the router: where loops keep what they pool for it
  std::unique_ptr<Handler> handler;  // innermost
  std::vector<Chain> chains;         // by Selection::chain
};

// Which methods are served in one place, and through which chain. Made before the first connection there, never
// changed.
class Selection {
 public:
  Selection() = default;  // all of them, through the main chain
  bool holds(const Method& method) const { return all_ || held_[method.index]; }
  std::size_t chain() const { return chain_; }

 private:
  friend class Router;
  bool all_ = true;
  std::vector<bool> held_;  // by index
  std::size_t chain_ = 0;
};

// The layers of one named chain; the main one has the empty name.
struct NamedLayers {
  explicit NamedLayers(std::string_view n) : name(n) {}
  std::string name;
  std::vector<std::shared_ptr<const Layer>> layers;
};

// Built by one thread, then read by all.
class Router {
 public:
  // The service outlives the router. INVALID_ARGUMENT when one of its methods is there already.
  Status add(Service& service);
  // Who answers what has no method; without it UNIMPLEMENTED.
  void set_fallback(std::unique_ptr<Handler> handler);
  // Wraps every method, the unknown one included, in the layers of each chain. `site` fills what is the same
  // everywhere.
  Status compile(std::span<const NamedLayers> chains, const std::function<void(Site&)>& site);

  // The methods of the services with these names; all methods for none. INVALID_ARGUMENT names the unknown service or
  // chain.
  Result<Selection> select(std::span<const std::string> services, std::string_view chain) const;

  // The method of a path, in the one canonical form "/service/method"; the unknown one for everything else.
  const Method& find(std::string_view path) const {
    auto it = by_path_.find(path);
    return it != by_path_.end() ? *it->second : methods_.front();
  }
  const Method& find(std::string_view path, const Selection& among) const {
    const Method& method = find(path);
    return among.holds(method) ? method : methods_.front();
  }
  const std::deque<Method>& methods() const { return methods_; }  // the unknown one first
  const Method& unknown() const { return methods_.front(); }
  const std::vector<const ServiceInfo*>& services() const { return services_; }

  std::vector<MethodChain> chains() const;

  Router();

 private:
  std::deque<Method> methods_;
  std::unordered_map<std::string_view, Method*> by_path_;
  std::vector<const ServiceInfo*> services_;
  std::vector<std::string> chain_names_;
};

}  // namespace pintle::server
