#include <algorithm>
#include <fstream>

#include "checks.hpp"
#include "ledger.hpp"

namespace pintle::chaos {

std::uint64_t Ledger::begin(bool once) {
  const std::lock_guard lock(mutex_);
  calls_.emplace_back().once = once;
  return calls_.size() - 1;
}

void Ledger::ended(std::uint64_t call, const Status& status, const std::string& answer, double seconds) {
  const std::lock_guard lock(mutex_);
  Call& one = calls_[call];
  one.over = true;
  ++one.ends;
  one.ok = status.ok();
  one.code = status.code();
  one.matched = answer == std::to_string(call);
  one.seconds = seconds;
}

std::vector<Ledger::Call> Ledger::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::size_t Ledger::size() const {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

std::size_t Ledger::good() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(calls_, [](const Call& c) { return c.ok; }));
}

std::map<std::uint64_t, int> executions(const std::string& file) {
  std::map<std::uint64_t, int> ran;
  std::ifstream lines(file);
  for (std::uint64_t call = 0; lines >> call;) ++ran[call];
  return ran;
}

int compare(const Ledger& client, const std::map<std::uint64_t, int>& servers) {
  std::size_t unended = 0, twice_ended = 0, mismatched = 0, unseen = 0, twice_run = 0, good = 0, twice_allowed = 0;
  const auto calls = client.calls();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Ledger::Call& call = calls[i];
    const auto found = servers.find(i);
    const int ran = found == servers.end() ? 0 : found->second;
    unended += call.over ? 0 : 1;
    twice_ended += call.ends > 1 ? 1 : 0;
    mismatched += call.ok && !call.matched ? 1 : 0;
    unseen += call.ok && ran == 0 ? 1 : 0;
    twice_run += call.once && ran > 1 ? 1 : 0;
    twice_allowed += !call.once && ran > 1 ? 1 : 0;
    good += call.ok ? 1 : 0;
  }
  note("{} calls, {} answered, {} of those that may run twice did", calls.size(), good, twice_allowed);
  int failed = 0;
  failed +=
      check(unended == 0 && twice_ended == 0, "every call ends once: {} never did, {} twice", unended, twice_ended);
  failed += check(mismatched == 0, "every answer is the answer to its call: {} are not", mismatched);
  failed += check(unseen == 0, "what was answered was run: {} were not", unseen);
  failed += check(twice_run == 0, "what may run once ran at most once: {} ran twice", twice_run);
  return failed;
}

}  // namespace pintle::chaos
