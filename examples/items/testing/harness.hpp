// What the tests of this example share: a runtime, a folder of its own, and time that stands still.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "domain/ids.hpp"
#include "domain/item.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace items::testing {

// Removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// One loop with workers, running.
class Running {
 public:
  Running();
  Running(const Running&) = delete;
  template <class T>
  T wait(pintle::Task<T> task) {
    return pintle::sync_wait(runtime.loop(0), std::move(task));
  }
  pintle::Runtime runtime;
};

// 2026-01-02T03:04:05.000006Z, and later when it is told.
struct StillTime {
  StillTime() = default;
  Time now{std::chrono::microseconds(1'767'323'045'000'006)};
};

// Counts: as good as random where only difference matters.
struct Counting {
  Counting() = default;
  std::uint64_t operator()() { return ++last; }
  std::uint64_t last = 0;
};

// An item that breaks no rule.
Item some_item(std::string id, std::string sku);

}  // namespace items::testing
