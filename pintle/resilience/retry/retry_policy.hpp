// When a call is sent once more (gRFC A6), decided without a call in sight.
#pragma once

#include <algorithm>
#include <optional>

#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/base/random.hpp>
#include <pintle/base/status.hpp>
#include <pintle/resilience/code_set.hpp>

namespace pintle {

class RetryThrottle;

struct RetryPolicy {
  RetryPolicy() = default;
  // With the first one; more than kMostAttempts count as so many.
  int max_attempts = 4;
  static constexpr int kMostAttempts = 5;
  Duration initial_backoff = std::chrono::seconds(1);
  double multiplier = 2;
  Duration max_backoff = std::chrono::seconds(10);
  double jitter = 0.2;  // share by which a delay varies, up and down
  CodeSet codes = {Code::unavailable};
  // An attempt that has no response head by then is given up, and counts as one that may be tried again whatever the
  // codes say.
  std::optional<Duration> per_attempt_timeout;

  int attempts() const { return std::clamp(max_attempts, 1, kMostAttempts); }
  // Before retry number `n`, from 1: min(initial * multiplier^(n-1), max), give or take the jitter. `chance` in [0, 1).
  Duration delay(int n, double chance) const;
};

// What a server says in the trailer grpc-retry-pushback-ms.
struct Pushback {
  Pushback() = default;
  enum class Kind : std::uint8_t { none, wait, stop } kind = Kind::none;
  Duration delay{};  // of wait
  // A negative value, one that is no number of 32 bits, and several of them mean: don't come back.
  static Pushback of(const Metadata& trailers);
};

// How an attempt ended, as far as retries care.
struct AttemptEnd {
  AttemptEnd() = default;
  Code code = Code::ok;
  // The caller has a part of its response already, or what it would have to send again is not kept.
  bool committed = false;
  bool dropped = false;      // the balancer wants no more of it
  bool timed_out = false;    // per_attempt_timeout
  bool opened = false;       // it had a stream on a connection
  bool left_client = false;  // a byte of it left this client
  bool processed = false;    // the server's handler may have seen it
  Pushback pushback;
};

//            transparent (never left: always; refused by the server: the first time)
//          +--------------------------+
//          v                          |
//   ATTEMPT n ---- ended ----> committed, dropped? ----------------------> DONE
//          ^                   pushback says stop, code not retryable? --> DONE
//          |                   few tokens left, n = max_attempts? -------> DONE
//          +--- delay <------- else: n + 1
//
// The attempts of one call. Not thread-safe.
class RetryMachine {
 public:
  // `policy` null: transparent retries only. `throttle` may be null. Both outlive it.
  RetryMachine(const RetryPolicy* policy, RetryThrottle* throttle) : policy_(policy), throttle_(throttle) {}

  // What follows an attempt: nothing when the call is done, else how long to wait.
  std::optional<Duration> next(const AttemptEnd& end, const Random& random);
  // What the next attempt says in grpc-previous-rpc-attempts: transparent retries are not counted.
  int previous_attempts() const { return counted_; }
  bool transparent() const { return transparent_; }  // the last next() was a transparent retry

 private:
  const RetryPolicy* const policy_;
  RetryThrottle* const throttle_;
  int counted_ = 0;         // retries that were counted
  int since_pushback_ = 0;  // of them: pushback begins the backoff anew
  bool first_ = true;       // no second attempt was made yet
  bool transparent_ = false;
};

}  // namespace pintle
