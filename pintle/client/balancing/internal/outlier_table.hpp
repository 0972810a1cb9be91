// What is known of the endpoints of a channel, and which of them are out (gRFC A50).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <pintle/base/random.hpp>
#include <pintle/client/balancing/outlier_detection.hpp>

namespace pintle::balancing {

class OutlierTable {
 public:
  // One endpoint. Any thread.
  struct Host {
    std::atomic<std::uint32_t> successes = 0, failures = 0;  // since the last sweep
    std::atomic<bool> ejected = false;
    // Written by the sweep.
    std::uint32_t multiplier = 0;
    TimePoint ejected_at;
  };

  OutlierTable(const OutlierOptions& options, Random random) : options_(options), random_(std::move(random)) {}
  OutlierTable(const OutlierTable&) = delete;

  // The same one for the same name while anybody holds it. Any thread.
  std::shared_ptr<Host> host(const std::string& name);
  // Judges what was counted since the last time, when `interval` has passed; else nothing. `on_change` hears of each
  // ejection and return. Any thread.
  void sweep(TimePoint now, const std::function<void(const std::string& name, bool ejected)>& on_change);

 private:
  struct Counted {
    const std::string* name;
    std::shared_ptr<Host> host;
    std::uint32_t successes, failures;
    std::uint32_t calls() const { return successes + failures; }
  };
  using Change = std::function<void(const std::string&, bool)>;
  void judge_success_rates(std::vector<Counted>& hosts, TimePoint now, const Change& on_change);
  void judge_failures(std::vector<Counted>& hosts, TimePoint now, const Change& on_change);
  void eject(Counted& counted, std::size_t hosts, std::uint32_t enforcement, TimePoint now, const Change& on_change);
  void bring_back(std::vector<Counted>& hosts, TimePoint now, const Change& on_change);

  const OutlierOptions options_;
  const Random random_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Host>> hosts_;  // guarded by mutex_, as is
  std::optional<TimePoint> last_sweep_;
  std::size_t out_ = 0;
};

}  // namespace pintle::balancing
