// So many calls at once: of all methods, of each method, and, where it is asked for, as many as the server does well.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/middleware/concurrency/gradient_limit.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

struct MethodConcurrency {
  MethodConcurrency(std::string methods, std::size_t calls) : pattern(std::move(methods)), most(calls) {}
  std::string pattern;  // each method that matches has room for so many of its own (path_pattern.hpp)
  std::size_t most;
};

// A part of the room of all for the methods that match: of several the first that does. What is left is everybody
// else's.
struct PriorityShare {
  PriorityShare(std::string methods, double part) : pattern(std::move(methods)), share(part) {}
  std::string pattern;
  double share;  // above 0; together at most 1
};

struct ConcurrencyOptions {
  ConcurrencyOptions() = default;
  std::size_t most = 0;  // of all methods together; 0: as many as come
  std::vector<MethodConcurrency> methods;
  // As many unary calls at once as the server does well (gradient_limit.hpp), at most `most`. Streams don't count in
  // it.
  std::optional<GradientOptions> adaptive;
  std::vector<PriorityShare> shares;
  std::vector<std::string> except;  // never refused and not counted
};

// In the place admission: a call that finds no room ends with UNAVAILABLE, and when to come back
// (overload_status.hpp), before anybody has looked who it is. When the process's memory budget is used up, calls that
// have no share of their own are refused as if there were no room. Counted by pintle.concurrency.refused; what is
// inside and the limit are gauges.
class ConcurrencyLayer final : public Layer {
 public:
  explicit ConcurrencyLayer(ConcurrencyOptions options);
  ~ConcurrencyLayer() override;
  std::string_view name() const override { return "concurrency"; }
  Place place() const override { return Place::admission; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  struct Shared;
  class Admitting;
  const std::unique_ptr<Shared> shared_;
};

}  // namespace pintle
