// One thread's event loop, without the events: the queue of ready coroutines, timers, work from other threads and work
// for the end of a turn. A driver (a Runtime, or a test with a fake clock) turns it.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <typeindex>
#include <utility>
#include <vector>

#include <pintle/async/waiter.hpp>
#include <pintle/base/clock.hpp>

namespace pintle {

class Loop;

class Call;
class Poller;
class WorkerPool;

// Hears for whom a loop works at the moment, for those who look for work that holds it. On the loop's thread.
class LoopWatch {
 public:
  // A coroutine is about to run, for this call; null: for none.
  virtual void runs(const Call* call) noexcept = 0;
  // It has given the thread back, and no other is about to run.
  virtual void rests() noexcept = 0;

 protected:
  ~LoopWatch() = default;
};

// An entry of a loop's ready queue: a coroutine to be resumed in this turn. Leaves the queue when it is destroyed.
class Ready {
 public:
  Ready() = default;
  Ready(const Ready&) = delete;
  ~Ready() { dequeue(); }
  bool queued() const noexcept { return before_ != nullptr; }
  inline void dequeue() noexcept;

  std::coroutine_handle<> handle;
  const Call* call = nullptr;  // on whose behalf; alive when it is resumed

 private:
  friend class Loop;
  Ready* next_ = nullptr;
  Ready** before_ = nullptr;
  Loop* queue_ = nullptr;
  std::uint32_t round_ = 0;  // of the loop, in which it is to be resumed
};

// Fires once at its time unless disarmed. Owned by whoever waits; disarms itself when it is destroyed.
// Loop's thread only.
class Timer {
 public:
  explicit Timer(void (*fire)(Timer*) noexcept) : fire_(fire) {}
  Timer(const Timer&) = delete;
  ~Timer() { disarm(); }
  bool armed() const noexcept { return loop_ != nullptr; }
  TimePoint at() const noexcept { return at_; }
  inline void disarm() noexcept;

 private:
  friend class Loop;
  void (*fire_)(Timer*) noexcept;
  Loop* loop_ = nullptr;
  TimePoint at_;
  std::uint64_t order_ = 0;
  std::size_t slot_ = 0;
};

// Called once at the end of the turn in which it was enqueued, after the ready coroutines: where connections flush.
// What is enqueued while the turn ends is called at the end of the next one.
class TurnEnd {
 public:
  explicit TurnEnd(void (*run)(TurnEnd*) noexcept) : run_(run) {}
  TurnEnd(const TurnEnd&) = delete;
  ~TurnEnd() { dequeue(); }
  bool queued() const noexcept { return before_ != nullptr; }
  void dequeue() noexcept {
    if (before_ == nullptr) return;
    *before_ = next_;
    if (next_ != nullptr) next_->before_ = before_;
    before_ = nullptr;
    next_ = nullptr;
  }

 private:
  friend class Loop;
  void (*run_)(TurnEnd*) noexcept;
  TurnEnd* next_ = nullptr;
  TurnEnd** before_ = nullptr;
};

// Everything but post() belongs to the loop's own thread. A loop must outlive all that waits on it.
class Loop {
 public:
  explicit Loop(const Clock& clock, std::size_t index = 0) : clock_(clock), index_(index), now_(clock.now()) {}
  Loop(const Loop&) = delete;
  ~Loop() { disown(); }

  // The time at which this turn began: cheap, and the same for everything that happens in one turn.
  TimePoint now() const noexcept {
    if (stale_) [[unlikely]]
      begin_turn();
    return now_;
  }
  // Its number among the loops of its runtime, from 0: for per-loop shards.
  std::size_t index() const noexcept { return index_; }

  // Resumes `r.handle` later in this turn, or in the next one; does nothing if it is queued already. A turn resumes
  // what was ready, what that made ready, and so on for kRounds rounds; the rest waits until the sockets were asked.
  static constexpr std::uint32_t kRounds = 8;
  void enqueue(Ready& r) noexcept {
    if (r.queued()) return;
    r.queue_ = this;
    r.round_ = round_ + 1;
    r.next_ = nullptr;
    r.before_ = tail_;
    *tail_ = &r;
    tail_ = &r.next_;
  }
  void at_turn_end(TurnEnd& t) noexcept {
    if (t.queued()) return;
    t.next_ = ends_;
    if (ends_ != nullptr) ends_->before_ = &t.next_;
    t.before_ = &ends_;
    ends_ = &t;
  }
  // Re-arms an armed one. A time that is past counts as now() and fires in the next turn; timers of one time fire in
  // the order in which they were armed.
  void arm(Timer& timer, TimePoint at);

  // Runs `work` on the loop's thread, soon and in the order of posting. Any thread. Work posted after the runtime
  // stopped is dropped. `work` must not throw.
  void post(std::move_only_function<void()> work);

  // The loop's own T, for what all that runs here shares: made at its first use, gone with the loop. REQUIRES: T's
  // destructor does not need the loop.
  template <class T>
  T& local() {
    for (auto& [type, object] : locals_)
      if (type == typeid(T)) return *static_cast<T*>(object.get());
    return *static_cast<T*>(locals_.emplace_back(typeid(T), std::make_shared<T>()).second.get());
  }

  // True on the thread that drives this loop, while it does. Any thread.
  bool on_thread() const noexcept { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  // True on a thread that drives a loop, whichever: it must never wait for another thread's work.
  static bool on_any_thread() noexcept;

  // A thread drives it. Any thread.
  bool driven() const noexcept { return owner_.load(std::memory_order_relaxed) != std::thread::id(); }

  // Threads for work that blocks, see blocking.hpp; null where the driver has none.
  WorkerPool* workers() const noexcept { return workers_; }
  // Threads for work that would keep the loop from its other calls, messages above 256 KiB for one (rpc/large.hpp);
  // null where the driver has none.
  WorkerPool* compute() const noexcept { return compute_; }
  // What waits for file descriptors, see descriptor.hpp; null where time and events are a test's.
  Poller* poller() const noexcept { return poller_; }

  // Awaits that were ready at once since the last suspension: after kReadyBudget of them an await suspends all the
  // same, so that one busy stream can't starve the others.
  static constexpr int kReadyBudget = 128;
  bool spend_ready() noexcept { return --budget_ > 0; }

  // -- For the driver -----------------------------------------------------------------------------------------------
  // Called from any thread when post() found the inbox empty; must make the driver turn soon.
  void set_waker(std::function<void()> waker) { waker_ = std::move(waker); }
  // The calling thread drives the loop from now on. close() ends that.
  void own() noexcept;
  void set_workers(WorkerPool* workers) noexcept { workers_ = workers; }
  void set_compute(WorkerPool* compute) noexcept { compute_ = compute; }
  void set_poller(Poller* poller) noexcept { poller_ = poller; }
  const Clock& clock() const noexcept { return clock_; }

  // Before the loop turns; it outlives the turning. Null: nobody watches.
  void set_watch(LoopWatch* watch) noexcept { watch_ = watch; }
  // For those who start a coroutine themselves, outside of run_ready().
  LoopWatch* watch() const noexcept { return watch_; }

  // Takes the clock's time; called once, before the first event of a turn is handled.
  void begin_turn() const noexcept {
    now_ = clock_.now();
    stale_ = false;
  }
  // For a driver that can't call begin_turn() between its waiting and the first handler: now() does it when it is
  // asked.
  void expire_now() noexcept { stale_ = true; }
  // Posted work, due timers, ready coroutines, then the work for the turn's end. True when something is left for
  // another turn, which must then come without waiting.
  bool run_turn();
  // How many descriptors had something in this turn, 1 at least: who has much to do leaves time for the others.
  std::size_t sharers() const noexcept { return sharers_; }
  void set_sharers(std::size_t n) noexcept { sharers_ = n < 1 ? 1 : n; }
  // Coroutines are ready, so that the next turn comes without waiting.
  bool has_ready() const noexcept { return head_ != nullptr; }
  // Only the ready coroutines: a connection calls it after each batch that it read, so that they find the bytes in
  // place. Never from inside a coroutine.
  void run_ready();
  std::optional<TimePoint> next_timer() const;
  // True when posted work waits. Any thread; ordered with the waker (sequentially consistent).
  bool has_posted() const noexcept { return posted_.load(); }
  // Drops posted work that has not run.
  void drop_posted();
  // Drops posted work, now and from now on.
  void close();

 private:
  friend class Timer;
  friend class Ready;
  void disown() noexcept;
  void run_posted();
  void run_timers();
  void run_rounds();
  void remove(Timer& timer) noexcept;
  static bool earlier(const Timer& a, const Timer& b) noexcept {
    return a.at_ != b.at_ ? a.at_ < b.at_ : a.order_ < b.order_;
  }
  void sift_up(std::size_t slot) noexcept;
  void sift_down(std::size_t slot) noexcept;

  const Clock& clock_;
  std::size_t index_;
  mutable TimePoint now_;
  mutable bool stale_ = false;
  std::atomic<std::thread::id> owner_;
  WorkerPool* workers_ = nullptr;
  WorkerPool* compute_ = nullptr;
  Poller* poller_ = nullptr;
  LoopWatch* watch_ = nullptr;
  Ready* head_ = nullptr;
  Ready** tail_ = &head_;
  TurnEnd* ends_ = nullptr;
  std::uint32_t round_ = 0;
  int budget_ = kReadyBudget;
  std::size_t sharers_ = 1;
  std::vector<Timer*> timers_;  // a binary heap by time, then order; each timer knows its slot
  std::uint64_t armed_ = 0;
  std::function<void()> waker_;
  std::mutex inbox_mutex_;
  std::vector<std::move_only_function<void()>> inbox_;  // guarded by inbox_mutex_
  bool closed_ = false;                                 // guarded by inbox_mutex_
  std::atomic<bool> posted_ = false;                    // inbox_ is not empty; written under inbox_mutex_
  std::vector<std::move_only_function<void()>> taken_;
  // While the thread has more coroutine frames to spare than it should.
  struct Tidy : Timer {
    Tidy();
  };
  Tidy tidy_;
  std::vector<std::pair<std::type_index, std::shared_ptr<void>>> locals_;
};

inline void Timer::disarm() noexcept {
  if (loop_ != nullptr) loop_->remove(*this);
}

inline void Ready::dequeue() noexcept {
  if (before_ == nullptr) return;
  *before_ = next_;
  if (next_ != nullptr)
    next_->before_ = before_;
  else
    queue_->tail_ = before_;
  before_ = nullptr;
  next_ = nullptr;
}

}  // namespace pintle
