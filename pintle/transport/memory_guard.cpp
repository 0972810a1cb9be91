#include <pintle/transport/memory_guard.hpp>

#include <algorithm>
#include <new>
#include <utility>

#include <pintle/transport/connection.hpp>

namespace pintle::transport {

MemoryGuard::MemoryGuard(Loop& loop, std::shared_ptr<MemoryBudget> budget) : loop_(loop), account_(std::move(budget)) {}

void MemoryGuard::add(Connection& connection) {
  connection.guard_slot_ = connections_.size();
  connections_.push_back(&connection);
}

void MemoryGuard::remove(Connection& connection) noexcept {
  connections_.back()->guard_slot_ = connection.guard_slot_;
  connections_[connection.guard_slot_] = connections_.back();
  connections_.pop_back();
}

void MemoryGuard::watch() noexcept {
  const bool over = account_.budget().level() == MemoryLevel::over;
  const TimePoint at = over ? std::max(loop_.now(), looked_ + kPause) : loop_.now() + kPeriod;
  if (alarm_.armed() && alarm_.at() <= at) return;
  try {
    loop_.arm(alarm_, at);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): whoever holds much calls again
  }
}

void MemoryGuard::look() noexcept {
  const MemoryLevel level = account_.budget().level();
  looked_ = loop_.now();
  try {
    if (level != MemoryLevel::ok)
      for (Connection* connection : connections_) connection->trim();
    if (level == MemoryLevel::near) shed_unmoved();
    if (level == MemoryLevel::over) make_room(nullptr);
    for (Connection* connection : connections_) connection->go_on();
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): it looks again
  }
  if (level != MemoryLevel::ok) watch();
}

void MemoryGuard::shed_unmoved() {
  std::vector<Waiting> waiting;
  for (Connection* connection : connections_)
    if (connection->is_greedy()) connection->add_waiting(nullptr, waiting);
  std::erase_if(waiting, [&](const Waiting& w) { return loop_.now() - w.since < kPatience; });
  shed(waiting, 0);
}

// Each loop frees its part of what is too much.
void MemoryGuard::make_room(const Exchange* writing) noexcept {
  const MemoryBudget& budget = account_.budget();
  const auto used = static_cast<double>(std::max(budget.used(), account_.held()));
  const auto held = static_cast<double>(account_.held());
  const double too_much = used - (1 - kRoom) * static_cast<double>(budget.limit());
  if (too_much <= 0) return;
  const auto keep = static_cast<std::size_t>(std::max(0.0, held - too_much * held / used));
  try {
    for (const bool greedy_only : {true, false}) {
      std::vector<Waiting> streams, connections;
      for (Connection* connection : connections_) {
        if (greedy_only && !connection->is_greedy()) continue;
        connection->add_waiting(writing, streams);
        if (connection->blocked_since_ != TimePoint::max())
          connections.push_back({connection->blocked_since_, connection, nullptr});
      }
      shed(streams, keep);
      shed(connections, keep);
      if (account_.held() <= keep) break;
    }
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the next one that writes tries again
  }
}

void MemoryGuard::shed(std::vector<Waiting>& waiting, std::size_t keep) {
  const std::size_t before = account_.held();
  const std::uint64_t streams = streams_shed_, connections = connections_shed_;
  std::ranges::sort(waiting, {}, &Waiting::since);
  for (const Waiting& w : waiting) {
    if (account_.held() <= keep) break;
    if (w.connection->ending()) continue;  // and its streams with it
    if (w.stream != nullptr) {
      w.connection->shed(*w.stream);
      ++streams_shed_;
    } else {
      w.connection->abort(ErrorCode::enhance_your_calm, "the memory budget is used up, and the output is not read");
      ++connections_shed_;
    }
  }
  if (tell_ && (streams_shed_ != streams || connections_shed_ != connections))
    tell_(streams_shed_ - streams, connections_shed_ - connections, before - std::min(before, account_.held()));
}

}  // namespace pintle::transport
