#include <pintle/middleware/concurrency/concurrency_layer.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

#include <pintle/middleware/concurrency/admission_gate.hpp>
#include <pintle/middleware/overload_status.hpp>
#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

constexpr Duration kComeBack = std::chrono::milliseconds(100);

std::vector<double> shares_of(const ConcurrencyOptions& options) {
  std::vector<double> shares;
  double left = 1;
  for (const PriorityShare& one : options.shares) {
    shares.push_back(one.share);
    left -= one.share;
  }
  if (!shares.empty()) shares.push_back(std::max(0.0, left));
  return shares;
}

}  // namespace

// What all methods have in common.
struct ConcurrencyLayer::Shared {
  explicit Shared(ConcurrencyOptions o) : options(std::move(o)), gate(shares_of(options)) {
    limit = options.most != 0 ? options.most : SIZE_MAX;
  }
  // The kind of a method: its share's, or the last one.
  std::size_t kind_of(std::string_view path) const {
    const auto found =
        std::ranges::find_if(options.shares, [&](const PriorityShare& s) { return path_matches(s.pattern, path); });
    return static_cast<std::size_t>(found - options.shares.begin());
  }
  void learn(const Site& site) {
    const std::lock_guard lock(mutex);
    if (!options.adaptive || gradient) return;
    GradientOptions wanted = *options.adaptive;
    if (options.most != 0) wanted.most = std::min(wanted.most, options.most);
    gradient.emplace(wanted, site.random, site.clock->now());
    limit = gradient->limit();
  }
  void ended(TimePoint began, TimePoint now) {
    const std::size_t inside = gate.inside();
    if (!mutex.try_lock()) return;  // one sample less
    const std::lock_guard lock(mutex, std::adopt_lock);
    gradient->ended(began, now, inside);
    limit.store(gradient->limit(), std::memory_order_relaxed);
  }
  void refused() {
    if (!gradient || !mutex.try_lock()) return;
    const std::lock_guard lock(mutex, std::adopt_lock);
    gradient->refused();
  }

  const ConcurrencyOptions options;
  AdmissionGate gate;
  std::atomic<std::size_t> limit;
  std::mutex mutex;
  std::optional<GradientLimit> gradient;  // guarded by mutex; there or not from the first wrap() on
};

class ConcurrencyLayer::Admitting final : public Handler {
 public:
  struct Room {
    bool of_all = false;  // it counts among the calls of all methods
    std::size_t kind = 0;
    bool has_share = false;
    bool teaches = false;         // its calls say how many are too many
    std::size_t method_most = 0;  // 0: none of its own
  };
  Admitting(Room room, Shared& shared, const Site& site, Handler& next)
      : room_(room), own_({}), shared_(shared), next_(next) {
    const Instrument refusals{"pintle.concurrency.refused", "{call}", "Calls that found no room.", {}};
    counter_ = site.meters.counter(refusals, {{"rpc.method", site.method.path}});
    inside_ = site.meters.gauge({"pintle.concurrency.inside", "{call}", "Calls that are inside.", {}});
    limit_ = site.meters.gauge({"pintle.concurrency.limit", "{call}", "Calls that may be.", {}});
  }

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    const TimePoint now = call.loop().now();
    const bool short_of_memory = call.load != nullptr && call.load->memory_level() == MemoryLevel::over;
    if (short_of_memory && !room_.has_share) return refuse(call);
    if (room_.method_most != 0 && !own_.enter(0, room_.method_most, now)) return refuse(call);
    if (room_.of_all && !shared_.gate.enter(room_.kind, shared_.limit.load(std::memory_order_relaxed), now)) {
      if (room_.method_most != 0) own_.leave(0);
      shared_.refused();
      return refuse(call);
    }
    return inside(call);
  }

 private:
  // Gives the room back however the call ends.
  struct Leaving {
    explicit Leaving(Admitting& o) : of(o) {}
    Leaving(const Leaving&) = delete;
    ~Leaving() {
      if (of.room_.method_most != 0) of.own_.leave(0);
      if (!of.room_.of_all) return;
      of.shared_.gate.leave(of.room_.kind);
      of.inside_.set(static_cast<double>(of.shared_.gate.inside()));
    }
    Admitting& of;
  };

  Task<Status> inside(LayerCall& call) {
    const Leaving after(*this);
    if (room_.of_all) inside_.set(static_cast<double>(shared_.gate.inside()));
    Status status = co_await next_(call);
    if (room_.teaches && (status.ok() || status.code() == Code::deadline_exceeded)) {
      shared_.ended(call.started(), call.started() + call.elapsed());
      limit_.set(static_cast<double>(shared_.limit.load(std::memory_order_relaxed)));
    }
    co_return status;
  }

  Task<Status> refuse(LayerCall& call) const {
    counter_.add();
    co_return overloaded(call, Code::unavailable, "the server has as many calls as it can do", kComeBack);
  }

  const Room room_;
  AdmissionGate own_;
  Shared& shared_;
  Handler& next_;
  Counter counter_;
  Gauge inside_, limit_;
};

ConcurrencyLayer::ConcurrencyLayer(ConcurrencyOptions options)
    : shared_(std::make_unique<Shared>(std::move(options))) {}

ConcurrencyLayer::~ConcurrencyLayer() = default;

std::unique_ptr<Handler> ConcurrencyLayer::wrap(const Site& site, Handler& next) const {
  const std::string_view path = site.method.path;
  const ConcurrencyOptions& options = shared_->options;
  if (std::ranges::any_of(options.except, [&](const std::string& p) { return path_matches(p, path); })) return nullptr;
  shared_->learn(site);
  Admitting::Room room;
  room.teaches = options.adaptive.has_value() && site.method.kind == Kind::unary;
  room.of_all = options.most != 0 || room.teaches;
  if (room.of_all) {
    room.kind = shared_->kind_of(path);
    room.has_share = room.kind < options.shares.size();
  }
  const auto own =
      std::ranges::find_if(options.methods, [&](const MethodConcurrency& m) { return path_matches(m.pattern, path); });
  if (own != options.methods.end()) room.method_most = own->most;
  if (!room.of_all && room.method_most == 0) return nullptr;
  return std::make_unique<Admitting>(room, *shared_, site, next);
}

}  // namespace pintle
