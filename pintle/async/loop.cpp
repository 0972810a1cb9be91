#include <pintle/async/loop.hpp>

#include <algorithm>
#include <utility>

#include <pintle/async/frames.hpp>

namespace pintle {
namespace {

// A fact of the thread, not of any loop: how many it drives (a test may turn several).
thread_local int driven_here = 0;

}  // namespace

bool Loop::on_any_thread() noexcept { return driven_here > 0; }

void Loop::own() noexcept {
  if (on_thread()) return;
  ++driven_here;
  owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

void Loop::disown() noexcept {
  if (on_thread()) --driven_here;
  owner_.store(std::thread::id(), std::memory_order_relaxed);
}

namespace {
constexpr Duration kTidyPeriod = std::chrono::seconds(1);
}

Loop::Tidy::Tidy() : Timer([](Timer*) noexcept { detail::Frames::here().halve(); }) {}

void Loop::arm(Timer& timer, TimePoint at) {
  timer.disarm();
  timers_.push_back(&timer);  // may throw, and then it is not armed
  timer.loop_ = this;
  // Never before now: so what is armed while timers fire sorts behind all that is due, and can't keep them waiting.
  timer.at_ = std::max(at, now());
  timer.order_ = armed_++;
  timer.slot_ = timers_.size() - 1;
  sift_up(timer.slot_);
}

void Loop::post(std::move_only_function<void()> work) {
  bool was_empty;
  {
    std::lock_guard lock(inbox_mutex_);
    if (closed_) return;  // `work` is destroyed by the caller, after the lock
    was_empty = inbox_.empty();
    inbox_.push_back(std::move(work));
    posted_.store(true);
  }
  if (was_empty && waker_) waker_();
}

bool Loop::run_turn() {
  run_posted();
  run_timers();
  run_ready();
  TurnEnd* ending = std::exchange(ends_, nullptr);
  if (ending != nullptr) ending->before_ = &ending;
  while (ending != nullptr) {
    TurnEnd* end = ending;
    end->dequeue();
    end->run_(end);
  }
  if (detail::Frames::here().above_floor() && !tidy_.armed()) [[unlikely]]
    arm(tidy_, now() + kTidyPeriod);
  return head_ != nullptr || ends_ != nullptr || has_posted();
}

void Loop::run_posted() {
  if (!has_posted()) return;
  {
    std::lock_guard lock(inbox_mutex_);
    std::swap(inbox_, taken_);
    posted_.store(false);
  }
  for (auto& work : taken_) work();
  taken_.clear();
}

void Loop::drop_posted() {
  std::vector<std::move_only_function<void()>> dropped;  // destroyed after the lock: they may post
  std::lock_guard lock(inbox_mutex_);
  std::swap(dropped, inbox_);
  posted_.store(false);
}

void Loop::close() {
  {
    std::lock_guard lock(inbox_mutex_);
    closed_ = true;
  }
  disown();
  drop_posted();
}

void Loop::run_timers() {
  const std::uint64_t armed_before = armed_;
  while (!timers_.empty() && timers_.front()->at_ <= now() && timers_.front()->order_ < armed_before) {
    Timer* timer = timers_.front();
    remove(*timer);
    timer->fire_(timer);
  }
}

void Loop::run_ready() {
  if (head_ == nullptr) return;
  run_rounds();
  if (watch_ != nullptr) watch_->rests();
}

void Loop::run_rounds() {
  const std::uint32_t first = round_;
  for (int left = 4096; head_ != nullptr && left > 0; --left) {
    Ready* r = head_;
    if (r->round_ != round_) {  // the queue is in the order of rounds: the one before is done
      if (round_ - first == kRounds) return;
      round_ = r->round_;
    }
    r->dequeue();
    budget_ = kReadyBudget;
    if (watch_ != nullptr) watch_->runs(r->call);
    r->handle.resume();
  }
}

std::optional<TimePoint> Loop::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.front()->at_;
}

void Loop::remove(Timer& timer) noexcept {
  const std::size_t slot = timer.slot_;
  Timer* last = timers_.back();
  timers_.pop_back();
  timer.loop_ = nullptr;
  if (last == &timer) return;
  timers_[slot] = last;
  last->slot_ = slot;
  sift_up(slot);
  sift_down(last->slot_);
}

void Loop::sift_up(std::size_t slot) noexcept {
  Timer* timer = timers_[slot];
  while (slot > 0) {
    const std::size_t parent = (slot - 1) / 2;
    if (!earlier(*timer, *timers_[parent])) break;
    timers_[slot] = timers_[parent];
    timers_[slot]->slot_ = slot;
    slot = parent;
  }
  timers_[slot] = timer;
  timer->slot_ = slot;
}

void Loop::sift_down(std::size_t slot) noexcept {
  Timer* timer = timers_[slot];
  for (;;) {
    std::size_t child = 2 * slot + 1;
    if (child >= timers_.size()) break;
    if (child + 1 < timers_.size() && earlier(*timers_[child + 1], *timers_[child])) ++child;
    if (!earlier(*timers_[child], *timer)) break;
    timers_[slot] = timers_[child];
    timers_[slot]->slot_ = slot;
    slot = child;
  }
  timers_[slot] = timer;
  timer->slot_ = slot;
}

}  // namespace pintle
