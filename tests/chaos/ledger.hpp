// What every call came to, on the side of the client and on that of the servers, so that both can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <pintle/base/status.hpp>

namespace pintle::chaos {

// One call, by its number. Any thread.
class Ledger {
 public:
  std::uint64_t begin(bool once);
  void ended(std::uint64_t call, const Status& status, const std::string& answer, double seconds);

  struct Call {
    bool once = false, over = false, ok = false, matched = false;
    int ends = 0;
    double seconds = 0;
    Code code = Code::ok;
  };
  std::vector<Call> calls() const;
  std::size_t size() const;
  std::size_t good() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Call> calls_;  // guarded by mutex_
};

// How often the servers ran each call: what they wrote to their file, a line for each.
std::map<std::uint64_t, int> executions(const std::string& file);

// What must hold of any scene: every call ended once, what was answered is the answer to it and was run, what may run
// once ran at most once. Prints a line for each; gives how many did not hold.
int compare(const Ledger& client, const std::map<std::uint64_t, int>& servers);

}  // namespace pintle::chaos
