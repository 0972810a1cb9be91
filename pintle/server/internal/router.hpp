// The methods of a server, each with its compiled chain, found by path. Made before the first connection, never
// changed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <pintle/rpc/handler.hpp>

namespace pintle::server {

struct Method {
  MethodInfo info;
  std::size_t index = 0;             // in the router: where loops keep what they pool for it
  std::unique_ptr<Handler> handler;  // innermost
  Chain chain;
};

// Which methods are served in one place. Made before the first connection there, never changed.
class Selection {
 public:
  Selection() = default;  // all of them
  bool holds(const Method& method) const { return all_ || held_[method.index]; }

 private:
  friend class Router;
  bool all_ = true;
  std::vector<bool> held_;  // by index
};

// Built by one thread, then read by all.
class Router {
 public:
  // The service outlives the router. INVALID_ARGUMENT when one of its methods is there already.
  Status add(Service& service);
  // Who answers what has no method; without it UNIMPLEMENTED.
  void set_fallback(std::unique_ptr<Handler> handler);
  // Wraps every method, the unknown one included, in `layers`, outermost first.
  void compile(std::span<const Layer* const> layers);

  // The methods of the services with these names; all methods for none. INVALID_ARGUMENT names the unknown one.
  Result<Selection> select(std::span<const std::string> services) const;

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
  const std::vector<const ServiceInfo*>& services() const { return services_; }

  Router();

 private:
  std::deque<Method> methods_;
  std::unordered_map<std::string_view, Method*> by_path_;
  std::vector<const ServiceInfo*> services_;
};

}  // namespace pintle::server
