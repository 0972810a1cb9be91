// Keeps what strangers can provoke from filling the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <pintle/base/clock.hpp>

namespace pintle {

// Lets `lines` pass in each period and counts the rest. One thread.
class LogLimit {
 public:
  explicit LogLimit(int lines = 5, Duration period = std::chrono::seconds(10)) : lines_(lines), period_(period) {}

  struct Passed {
    std::int64_t left_out = 0;  // lines that did not pass since the last one that did
  };
  // Empty: leave this line out.
  std::optional<Passed> pass(TimePoint now) {
    if (left_ == lines_ || now - began_ >= period_) {
      began_ = now;
      left_ = lines_;
    }
    if (left_ == 0) {
      ++left_out_;
      return {};
    }
    --left_;
    const Passed passed{left_out_};
    left_out_ = 0;
    return passed;
  }

 private:
  const int lines_;
  const Duration period_;
  TimePoint began_;
  int left_ = lines_;
  std::int64_t left_out_ = 0;
};

}  // namespace pintle
