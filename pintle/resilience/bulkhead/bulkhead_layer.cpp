#include <pintle/resilience/bulkhead/bulkhead_layer.hpp>

#include <algorithm>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

struct BulkheadLayer::Room {
  explicit Room(BulkheadRule r) : rule(std::move(r)) {}
  bool enter() noexcept {
    if (inside.fetch_add(1, std::memory_order_relaxed) < rule.most) return true;
    leave();
    return false;
  }
  void leave() noexcept { inside.fetch_sub(1, std::memory_order_relaxed); }
  const BulkheadRule rule;
  std::atomic<std::size_t> inside = 0;
};

namespace {

template <class Room>
class Entering final : public Handler {
 public:
  Entering(Room& room, Counter refused, Gauge inside, Handler& next)
      : room_(room), refused_(refused), inside_(inside), next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    if (!room_.enter()) {
      refused_.add();
      co_return Status(Code::unavailable,
                       fmt::format("{} calls are in flight already, as many as the bulkhead '{}' has room for",
                                   room_.rule.most, room_.rule.name),
                       Origin::library);
    }
    const Inside inside(*this);
    co_return co_await next_(call);
  }

 private:
  struct Inside {
    explicit Inside(const Entering& e) : entering(e) { entering.inside_.add(1); }
    Inside(const Inside&) = delete;
    ~Inside() {
      entering.room_.leave();
      entering.inside_.add(-1);
    }
    const Entering& entering;
  };
  Room& room_;
  const Counter refused_;
  const Gauge inside_;
  Handler& next_;
};

}  // namespace

BulkheadLayer::BulkheadLayer(std::vector<BulkheadRule> rules)
    : rooms_([&] {
        std::vector<std::unique_ptr<Room>> made;
        made.reserve(rules.size());
        for (BulkheadRule& rule : rules) made.push_back(std::make_unique<Room>(std::move(rule)));
        return made;
      }()) {}

BulkheadLayer::~BulkheadLayer() = default;

std::unique_ptr<Handler> BulkheadLayer::wrap(const Site& site, Handler& next) const {
  const auto room =
      std::ranges::find_if(rooms_, [&](const auto& r) { return path_matches(r->rule.pattern, site.method.path); });
  if (site.side != Side::client || room == rooms_.end()) return nullptr;
  const std::string_view name = (*room)->rule.name;
  const Counter refused = site.meters.counter(
      {"pintle.client.bulkhead.refused", "{call}", "Calls that a bulkhead had no room for.", {}}, {{"bulkhead", name}});
  const Gauge inside = site.meters.gauge({"pintle.client.bulkhead.calls", "{call}", "Calls inside a bulkhead.", {}},
                                         {{"bulkhead", name}});
  return std::make_unique<Entering<Room>>(**room, refused, inside, next);
}

}  // namespace pintle
