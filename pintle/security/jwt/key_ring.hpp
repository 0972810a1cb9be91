// The keys of an issuer over time: read again and again, kept while the issuer is away, asked for when a token names
// one that is not there.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <pintle/async/fetch.hpp>
#include <pintle/async/task.hpp>
#include <pintle/async/task_function.hpp>
#include <pintle/async/watched.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/security/jwt/key_set.hpp>

namespace pintle {

struct KeyRingOptions {
  KeyRingOptions() = default;
  std::string name;                               // of the issuer, for the log
  Duration refresh = std::chrono::minutes(5);     // from one reading to the next; keys that go are gone by then
  Duration cool_down = std::chrono::seconds(30);  // from one reading to one that a token asks for
  Duration max_stale = std::chrono::hours(24);    // how long keys hold that can't be read again
  Duration timeout = std::chrono::seconds(5);     // of a reading, and of a token's wait for it
  Duration negative = std::chrono::minutes(5);    // how long a kid that was not there is not asked for again
  std::size_t max_negative = 1000;                // kids that are remembered so
};

// Any thread, unless a member says otherwise. Outlives its tasks.
class KeyRing {
 public:
  // The text of a JWK Set or a PEM; on the loop on which maintain() runs.
  using Load = TaskFunction<Result<std::string>>;

  // Fixed keys, which nobody reads.
  explicit KeyRing(KeySet keys);
  KeyRing(Load load, KeyRingOptions options, const Clock& clock, Logger log, Meters meters);
  KeyRing(const KeyRing&) = delete;

  // Never null; empty before the first reading, and when the last good one is older than max_stale.
  std::shared_ptr<const KeySet> keys() const;
  // Grows when the keys change.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  // For a token whose key is not there: has them read again, unless that is going on, or was begun less than a
  // cool-down ago, or this kid was not there a short while ago. True: they were read since, look again. On any loop;
  // at most the timeout.
  Task<bool> looked_again_for(std::string kid);

  // Reads them until it is cancelled: at once, then in their time and when they are asked for. One at a time. Fixed
  // keys: returns at once.
  Task<Status> maintain();

 private:
  Task<void> read();
  bool forgotten(std::string_view kid, TimePoint now);
  void remember_missing(std::string_view kid, TimePoint now);

  Load load_;
  const KeyRingOptions options_;
  const Clock* clock_ = nullptr;  // null: fixed
  const Logger log_;
  Counter read_well_, read_ill_;
  std::atomic<std::uint64_t> epoch_ = 1;
  Watched<std::uint64_t> asked_{0}, readings_{0};  // wishes; readings that are over

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  mutable std::shared_ptr<const KeySet> keys_;
  std::string text_;  // of keys_
  bool reading_ = false, failing_ = false;
  std::optional<TimePoint> began_, succeeded_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, TimePoint, Hash, std::equal_to<>> missing_;  // until when they are not asked for
};

// What a KeyRing reads with: a GET that takes no redirect and nothing but 200.
KeyRing::Load keys_at_url(std::shared_ptr<Fetcher> fetcher, std::string url, Duration timeout);
// On a worker thread. Above 1 MiB: an error.
KeyRing::Load keys_in_file(std::string path);

}  // namespace pintle
