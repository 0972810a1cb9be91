// Whether a target is worth asking, from how its calls ended.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/resilience/code_set.hpp>

namespace pintle {

struct BreakerOptions {
  BreakerOptions() = default;
  // What opens it: any of the three; zero: that one never does.
  std::uint32_t consecutive_failures = 5;
  double failure_rate = 0;  // part of the window's calls that failed, up to 1: at least so much
  double slow_rate = 0;     // the same of calls that took at least slow_after, when they end
  Duration slow_after = std::chrono::seconds(60);
  // The window of the rates: the last so many calls, or, where window_time is not zero, those of the last so long, in
  // ten buckets. Nothing is judged before it has min_calls.
  std::uint32_t window_calls = 100;
  Duration window_time{};
  std::uint32_t min_calls = 20;
  Duration open_for = std::chrono::seconds(30);
  std::uint32_t probes = 1;  // calls that are let through in HALF_OPEN
  CodeSet failures = {Code::unavailable, Code::deadline_exceeded, Code::internal, Code::unknown, Code::data_loss};
};

//               a rule is broken                    open_for has passed, a call comes
//     CLOSED --------------------------> OPEN ------------------------------> HALF_OPEN
//        ^                                ^                                    |     |
//        |                                +---- all probes back, too bad ------+     |
//        +---------------------------------- all probes back, good enough -----------+
//
//     any -- isolate() --> ISOLATED -- close() --> CLOSED
//
// In HALF_OPEN `probes` calls are let through; when all are back, their rates count, or, where no failure_rate is set,
// a single failure. One whose end says nothing gives its place to another. What began before the last change of state
// is not counted. Any thread; where no rate is set, the calls of a closed breaker that succeed take no lock.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open, isolated };
  enum class Outcome : std::uint8_t { success, failure, ignored };
  using OnChange = std::function<void(State from, State to)>;

  // `on_change` is called on the thread whose call changed the state, and must not call back.
  explicit CircuitBreaker(const BreakerOptions& options, OnChange on_change = nullptr);
  CircuitBreaker(const CircuitBreaker&) = delete;

  class Permit {
   public:
    Permit() = default;

   private:
    friend class CircuitBreaker;
    explicit Permit(std::uint64_t e) : epoch_(e) {}
    std::uint64_t epoch_ = 0;
  };
  // Nothing: don't ask. Each permit must be given to ended() once.
  std::optional<Permit> admit(TimePoint now);
  void ended(Permit permit, Outcome outcome, Duration took, TimePoint now);
  // What a status says of the target.
  Outcome judge(Code code) const { return options_.failures.has(code) ? Outcome::failure : Outcome::success; }

  // Nobody is let through until close().
  void isolate();
  // As if nothing had happened yet.
  void close();

  State state() const noexcept { return state_of(word_.load(std::memory_order_acquire)); }
  // How long until the next probe; zero in other states than OPEN.
  Duration opens_in(TimePoint now) const;
  const BreakerOptions& options() const { return options_; }

 private:
  struct Tally {
    std::uint32_t calls = 0, failures = 0, slow = 0;
  };
  struct Bucket : Tally {
    std::int64_t number = -1;  // of the bucket's time
  };
  static constexpr std::size_t kBuckets = 10;

  static State state_of(std::uint64_t word) { return static_cast<State>(word & 3); }
  static std::uint64_t epoch_of(std::uint64_t word) { return word >> 2; }
  bool has_rates() const { return failure_ppm_ != 0 || slow_ppm_ != 0; }
  bool is_slow(Duration took) const { return slow_ppm_ != 0 && took >= options_.slow_after; }
  static bool reaches(std::uint32_t part, std::uint32_t all, std::uint64_t ppm) {
    return ppm != 0 && std::uint64_t{part} * 1'000'000 >= ppm * all;
  }
  bool too_bad(const Tally& tally) const {
    return reaches(tally.failures, tally.calls, failure_ppm_) || reaches(tally.slow, tally.calls, slow_ppm_);
  }
  Tally count(Outcome outcome, bool slow, TimePoint now);
  void probed(Outcome outcome, bool slow, TimePoint now);
  void change(State to, TimePoint now);
  // Runs `f` with mutex_ held, and tells of what it changed afterwards.
  template <class F>
  void locked(F&& f);

  const BreakerOptions options_;
  const std::uint64_t failure_ppm_, slow_ppm_;
  const OnChange on_change_;
  std::atomic<std::uint64_t> word_ = 0;  // epoch and state; written with mutex_ held
  std::atomic<std::uint32_t> in_a_row_ = 0;
  mutable std::mutex mutex_;
  TimePoint open_until_;                            // guarded by mutex_, as is
  std::vector<std::uint8_t> last_;                  // the last calls, a ring: bit 0 failed, bit 1 slow
  std::size_t at_ = 0;                              // in last_
  Tally window_;                                    // of last_
  std::array<Bucket, kBuckets> buckets_;            // of window_time
  std::uint32_t probing_ = 0;                       // probes that were let through and not given back
  Tally probed_;                                    // of those that are back
  std::optional<std::pair<State, State>> changed_;  // to be told
};

// "closed", "open", "half_open", "isolated".
std::string_view state_name(CircuitBreaker::State state);

}  // namespace pintle
