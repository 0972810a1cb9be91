// The channels of a process: one for each target, shared by all who call it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/status.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle {

// Any thread. Keeps each channel until clear(), which its owner calls: so it is for targets that the configuration
// names, not for those that a caller sends.
class Clients {
 public:
  using Make = std::function<Result<std::shared_ptr<Channel>>(std::string_view target)>;
  explicit Clients(Make make) : make_(std::move(make)) {}
  Clients(const Clients&) = delete;

  // The same channel each time for the same text. INVALID_ARGUMENT when the target can't be read.
  Result<std::shared_ptr<Channel>> channel(std::string_view target) {
    {
      std::lock_guard lock(mutex_);
      if (const auto found = channels_.find(target); found != channels_.end()) return found->second;
    }
    auto made = make_(target);  // takes its time, so nobody waits for it; of two at once the first stays
    if (!made) return made;
    std::lock_guard lock(mutex_);
    return channels_.try_emplace(std::string(target), *made).first->second;
  }
  // Those that there are now.
  std::vector<std::shared_ptr<Channel>> all() const {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Channel>> channels;
    for (const auto& [target, channel] : channels_) channels.push_back(channel);
    return channels;
  }
  // Lets go of all of them.
  void clear() {
    std::map<std::string, std::shared_ptr<Channel>, std::less<>> gone;
    std::lock_guard lock(mutex_);
    gone.swap(channels_);
  }

 private:
  const Make make_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Channel>, std::less<>> channels_;  // guarded by mutex_
};

}  // namespace pintle
