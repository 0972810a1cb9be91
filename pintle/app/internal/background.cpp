#include <pintle/app/internal/background.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace pintle {

void Background::add(std::string name, When when, BackgroundTask task) {
  entries_.push_back(std::make_unique<Entry>(std::move(name), when, std::move(task)));
}

void Background::start(When when) {
  for (auto& held : entries_) {
    Entry& entry = *held;
    if (entry.when != when) continue;
    {
      std::lock_guard lock(mutex_);
      if (cancelled_) return;
      entry.running = true;
      entry.loop = &runtime_.next_loop();
    }
    entry.loop->post([this, &entry] { run(*this, entry).start(Env{entry.loop, &entry.scope, nullptr}); });
  }
}

Root Background::run(Background& all, Entry& entry) {
  Status status;
  try {
    status = co_await entry.task(all.lifecycle_);
  } catch (const std::exception& e) {
    status = Status(Code::unknown, e.what());
  } catch (...) {
    status = Status(Code::unknown, "an exception that is no std::exception");
  }
  all.report(entry, status);
  std::lock_guard lock(all.mutex_);
  entry.running = false;
  all.changed_.notify_all();
}

void Background::report(const Entry& entry, const Status& status) const {
  const bool hook = entry.when == When::draining;
  if (status.ok() || entry.scope.cancelled())
    log_.debug(hook ? "a drain hook is done" : "a background task has ended", {{"task", entry.name}});
  else
    log_.error(hook ? "a drain hook failed" : "a background task failed",
               {{"task", entry.name}, {"error", status.to_string()}});
}

void Background::cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (const auto& held : entries_) {
    if (!held->running) continue;
    held->loop->post([entry = held.get()] {
      entry->scope.cancel(Status(Code::cancelled, "the grace time is over", Origin::library), CancelCause::shutdown);
    });
  }
  changed_.notify_all();
}

bool Background::idle() const {
  return std::ranges::none_of(entries_, [](const auto& entry) { return entry->running; });
}

void Background::join(Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return idle() || cancelled_; });
  if (changed_.wait_for(lock, patience, [&] { return idle(); })) return;
  for (const auto& entry : entries_)
    if (entry->running) log_.error("a background task ignored its cancellation", {{"task", entry->name}});
}

}  // namespace pintle
