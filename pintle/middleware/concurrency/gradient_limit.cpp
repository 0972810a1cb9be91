#include <pintle/middleware/concurrency/gradient_limit.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pintle {

namespace {

// How fast what a call takes alone follows what it takes in windows that are not full.
constexpr double kFollow = 0.2;
constexpr std::size_t kMostSamples = 1000;  // of a window: more tell nothing new
constexpr int kPatience = 10;               // windows that a probe may take

}  // namespace

GradientLimit::GradientLimit(GradientOptions options, Random random, TimePoint now)
    : options_(options),
      random_(std::move(random)),
      limit_(std::clamp(options.initial, options.least, options.most)),
      window_began_(now),
      probe_at_(next_probe(now)) {}

TimePoint GradientLimit::next_probe(TimePoint now) const {
  const double factor = 0.9 + 0.2 * random_();
  return now + std::chrono::duration_cast<Duration>(options_.probe_every * factor);
}

Duration GradientLimit::median() {
  const auto middle = taken_.begin() + static_cast<std::ptrdiff_t>(taken_.size() / 2);
  std::ranges::nth_element(taken_, middle);
  return std::max(*middle, Duration(1));
}

void GradientLimit::ended(TimePoint began, TimePoint now, std::size_t inside) {
  if (probing_ && began < probe_began_) return;  // it had more beside it
  most_inside_ = std::max(most_inside_, inside);
  if (taken_.size() < kMostSamples) taken_.push_back(now - began);
  if (probing_ && (taken_.size() >= options_.samples || now - probe_began_ >= kPatience * options_.window))
    end_probe(now);
  else if (!probing_ && taken_.size() >= options_.samples && now - window_began_ >= options_.window)
    step(now);
}

void GradientLimit::step(TimePoint now) {
  const Duration now_taken = median();
  const bool full = most_inside_ * 2 > limit_;
  if (alone_ == Duration::zero() || now_taken < alone_)
    alone_ = now_taken;
  else if (!full)
    alone_ += std::chrono::duration_cast<Duration>((now_taken - alone_) * kFollow);
  const double gradient = std::clamp(
      static_cast<double>(alone_.count()) * (1 + options_.tolerance) / static_cast<double>(now_taken.count()), 0.5,
      1.0);
  if (full) {
    const double wanted = static_cast<double>(limit_) * gradient + std::sqrt(static_cast<double>(limit_));
    limit_ = std::clamp(static_cast<std::size_t>(wanted), options_.least, options_.most);
  }
  taken_.clear();
  window_began_ = now;
  most_inside_ = 0;
  if (refusals_ && now >= probe_at_) {
    probing_ = true;
    probe_began_ = now;
  }
  refusals_ = false;
}

void GradientLimit::end_probe(TimePoint now) {
  if (!taken_.empty()) alone_ = median();
  probing_ = false;
  probe_at_ = next_probe(now);
  taken_.clear();
  window_began_ = now;
  most_inside_ = 0;
}

}  // namespace pintle
