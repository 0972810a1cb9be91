#include <pintle/app/clients.hpp>

#include <utility>

namespace pintle {

Result<std::shared_ptr<Channel>> Clients::channel(std::string_view name_or_target) {
  return channel_of(plan_(name_or_target));
}

Result<std::shared_ptr<Channel>> Clients::named(std::string_view name) {
  Plan plan = plan_(name);
  if (!plan.named)
    return invalid_argument("clients.channels names no '{}': add an entry with that name and its target", name);
  return channel_of(std::move(plan));
}

Result<std::shared_ptr<Channel>> Clients::channel_of(Plan plan) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(plan.key); found != entries_.end()) {
      found->second.unused_since.reset();
      return found->second.made.channel;
    }
  }
  auto made = plan.make();  // takes its time, so nobody waits for it; of two at once the first stays
  if (!made) return std::unexpected(std::move(made).error());
  const std::lock_guard lock(mutex_);
  return entries_.try_emplace(std::move(plan.key), Entry{std::move(*made), plan.idle, std::nullopt})
      .first->second.made.channel;
}

std::shared_ptr<const BreakerLayer> Clients::breakers(std::string_view name_or_target) const {
  const Plan plan = plan_(name_or_target);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(plan.key);
  return found != entries_.end() ? found->second.made.breakers : nullptr;
}

std::vector<std::shared_ptr<Channel>> Clients::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Channel>> channels;
  channels.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) channels.push_back(entry.made.channel);
  return channels;
}

void Clients::release_unused(TimePoint now) {
  std::vector<Made> gone;  // destroyed when the lock is free
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    const bool held = entry.made.channel.use_count() > 1;
    if (held) entry.unused_since.reset();
    if (!held && !entry.unused_since) entry.unused_since = now;
    if (held || now - *entry.unused_since < entry.idle) {
      ++it;
      continue;
    }
    gone.push_back(std::move(entry.made));
    it = entries_.erase(it);
  }
}

void Clients::clear() {
  std::map<std::string, Entry, std::less<>> gone;
  const std::lock_guard lock(mutex_);
  gone.swap(entries_);
}

}  // namespace pintle
