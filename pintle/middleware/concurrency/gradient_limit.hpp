// How many calls at once a server does best with, found by what they take.
#pragma once

#include <cstddef>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/random.hpp>

namespace pintle {

struct GradientOptions {
  GradientOptions() = default;
  std::size_t initial = 20, least = 3, most = 1000;
  Duration window = std::chrono::milliseconds(100);  // of samples that make one step
  std::size_t samples = 10;                          // that a window has at least
  double tolerance = 0.25;                           // by how much calls may take longer than alone, and it is no queue
  Duration probe_every = std::chrono::seconds(30);   // while calls are refused; give or take a tenth
};

// The gradient of what a call takes alone to what it takes now, as Envoy's adaptive concurrency has it: each window,
// the limit becomes limit * gradient + sqrt(limit), the gradient between 0.5 and 1. What a call takes alone is learnt
// from windows that were not full; while calls are refused there are none, so every now and then, for one window, it
// lets so few in that there is no queue. It never refuses more than it must: a limit that is not reached does not
// shrink.
//
//   LEARNING --first window--> STEADY --refusals, and it is time--> PROBING --enough samples--> STEADY
//
// Not thread-safe.
class GradientLimit {
 public:
  GradientLimit(GradientOptions options, Random random, TimePoint now);

  // How many may be inside now.
  std::size_t limit() const { return probing_ ? options_.least : limit_; }
  // A call that began at `began` is over. `inside`: how many were there with it.
  void ended(TimePoint began, TimePoint now, std::size_t inside);
  // One was not let in.
  void refused() { refusals_ = true; }
  // What a call takes alone; zero: not known yet.
  Duration alone() const { return alone_; }

 private:
  void step(TimePoint now);
  void end_probe(TimePoint now);
  Duration median();
  TimePoint next_probe(TimePoint now) const;

  const GradientOptions options_;
  const Random random_;
  std::size_t limit_;
  Duration alone_{};
  std::vector<Duration> taken_;  // of this window
  TimePoint window_began_, probe_at_, probe_began_;
  std::size_t most_inside_ = 0;  // in this window
  bool probing_ = false, refusals_ = false;
};

}  // namespace pintle
