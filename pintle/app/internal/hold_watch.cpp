#include <pintle/app/internal/hold_watch.hpp>

#include <chrono>
#include <utility>

#include <pintle/rpc/call.hpp>

namespace pintle {

namespace {

// What runs without a call around it.
const MethodInfo kTask = [] {
  MethodInfo task;
  task.path = "a task of no call";
  return task;
}();

}  // namespace

void HeldLoop::runs(const Call* call) noexcept {
  runs_.store(runs_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  doing_.store(call != nullptr ? &call->method() : &kTask, std::memory_order_release);
}

void HeldLoop::look(TimePoint now, Duration limit, const Logger& log, const Meters& meters) {
  const MethodInfo* const doing = doing_.load(std::memory_order_acquire);
  const std::uint64_t runs = runs_.load(std::memory_order_relaxed);
  if (doing == nullptr || runs != seen_) {
    seen_ = runs;
    since_ = now;
    told_ = false;
    return;
  }
  if (told_ || now - since_ < limit) return;
  told_ = true;
  const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_).count();
  log.warn("a handler holds its loop: calls beside it wait; co_await pintle::blocking() for such work",
           {{"method", doing->path}, {"loop", index_}, {"held_ms_at_least", held}});
  meters
      .counter({"pintle.loop.holds", "{hold}", "Times that a loop was held for longer than server.loop_hold.", {}},
               {{"rpc.method", doing->path}})
      .add();
}

HoldWatch::HoldWatch(std::vector<Loop*> loops, Duration limit, const Clock& clock, Logger log, Meters meters)
    : limit_(limit), clock_(clock), log_(std::move(log)), meters_(meters) {
  for (Loop* loop : loops) {
    loops_.push_back(std::make_unique<HeldLoop>(loop->index()));
    loop->set_watch(loops_.back().get());
  }
  thread_ = std::thread([this] { watch(); });
}

HoldWatch::~HoldWatch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void HoldWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, limit_ / 2, [this] { return over_; }))
    for (const auto& loop : loops_) loop->look(clock_.now(), limit_, log_, meters_);
}

}  // namespace pintle
