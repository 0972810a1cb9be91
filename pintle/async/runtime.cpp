#include <pintle/async/runtime.hpp>

#include <algorithm>
#include <latch>
#include <optional>
#include <string>
#include <thread>

#include <pthread.h>

#include <pintle/async/cpu_quota.hpp>
#include <pintle/async/internal/poller.hpp>

namespace pintle {
namespace {

// Large messages stand back behind the calls that the loops have at hand.
constexpr int kComputeNice = 19;

std::size_t loops_of(const RuntimeOptions& options) {
  return options.threads != 0 ? options.threads : default_threads();
}

WorkerPoolOptions compute_options(const RuntimeOptions& options) {
  WorkerPoolOptions o;
  o.threads = options.compute_threads != 0 ? options.compute_threads : loops_of(options);
  o.nice = kComputeNice;
  o.name = "pintle-compute";
  return o;
}

}  // namespace

struct Runtime::Slot {
  Slot(const Clock& clock, std::size_t index) : loop(clock, index), poller(loop) {
    loop.set_poller(&poller);
    loop.set_waker([this] { poller.wake(); });
  }
  Loop loop;
  Poller poller;
  std::thread thread;
};

Runtime::Runtime(RuntimeOptions options)
    : clock_(options.clock != nullptr ? options.clock : &steady_),
      workers_(options.workers),
      compute_(compute_options(options)) {
  const std::size_t threads = loops_of(options);
  for (std::size_t i = 0; i < threads; ++i) {
    slots_.push_back(std::make_unique<Slot>(*clock_, i));
    slots_.back()->loop.set_workers(&workers_);
    slots_.back()->loop.set_compute(&compute_);
  }
}

Runtime::~Runtime() {
  stop();
  join();
}

void Runtime::start() {
  const auto driven = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(slots_.size()));
  for (auto& slot : slots_) {
    slot->thread = std::thread([this, driven, s = slot.get()] {
      s->loop.own();
      driven->count_down();
      drive(*s);
    });
  }
  driven->wait();  // so that every loop knows its thread from here on
}

void Runtime::stop() {
  stopping_.store(true);
  // Not only set the flag: a loop may have looked at it already and be about to sleep, so give it work to wake for.
  for (auto& slot : slots_) slot->loop.post([] {});
}

void Runtime::join() {
  for (auto& slot : slots_) {
    if (slot->thread.joinable()) slot->thread.join();
  }
  workers_.stop();
  compute_.stop();
  for (auto& slot : slots_) slot->loop.close();
}

Loop& Runtime::loop(std::size_t i) noexcept { return slots_[i]->loop; }

Loop& Runtime::next_loop() noexcept { return loop(next_.fetch_add(1, std::memory_order_relaxed) % slots_.size()); }

Loop* Runtime::current() noexcept {
  for (auto& slot : slots_) {
    if (slot->loop.on_thread()) return &slot->loop;
  }
  return nullptr;
}

void Runtime::drive(Slot& slot) {
  ::pthread_setname_np(::pthread_self(), ("pintle-" + std::to_string(slot.loop.index())).substr(0, 15).c_str());
  Loop& loop = slot.loop;
  loop.begin_turn();
  bool more = loop.run_turn();
  while (!stopping_.load(std::memory_order_relaxed)) {
    std::optional<Duration> timeout;
    if (more) {
      timeout = Duration::zero();
    } else if (const auto at = loop.next_timer()) {
      timeout = std::max(*at - clock_->now(), Duration::zero());
    }
    slot.poller.wait(timeout);
    more = loop.run_turn();
  }
  loop.close();
}

}  // namespace pintle
