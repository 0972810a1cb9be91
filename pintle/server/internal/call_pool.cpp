#include <pintle/server/internal/call_pool.hpp>

#include <algorithm>
#include <new>
#include <utility>

#include <pintle/server/internal/loop_server.hpp>
#include <pintle/server/internal/server_call.hpp>

namespace pintle::server {

CallPool::CallPool(LoopServer& of, std::size_t methods) : loop_server_(of), spare_(methods) {}

CallPool::~CallPool() = default;

ServerCall& CallPool::take(const Method& method) {
  Spare& spare = spare_[method.index];
  if (spare.calls.empty()) {
    // Room for its way back, which must not fail.
    if (++spare.made > spare.calls.capacity()) spare.calls.reserve(std::max(spare.made, 2 * spare.calls.capacity()));
    ServerCall& made = *all_.emplace_back(std::make_unique<ServerCall>(loop_server_, method));
    made.pool_slot = all_.size() - 1;
    return made;
  }
  ServerCall& call = *spare.calls.back();
  spare.calls.pop_back();
  spare.unused = std::min(spare.unused, spare.calls.size());
  return call;
}

void CallPool::give_back(ServerCall& call) noexcept {
  Spare& spare = spare_[call.method().index];
  spare.calls.push_back(&call);
  if (spare.calls.size() > kSpare && !alarm_.armed()) [[unlikely]]
    tidy_later();
}

void CallPool::tidy_later() noexcept {
  try {
    loop_server_.loop().arm(alarm_, loop_server_.loop().now() + kPeriod);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the next one that comes back tries again
  }
}

void CallPool::tidy() {
  bool more = false;
  for (Spare& spare : spare_) {
    if (spare.calls.size() > kSpare) {
      const std::size_t useless = std::min(spare.unused, spare.calls.size() - kSpare);
      const auto end = spare.calls.begin() + static_cast<std::ptrdiff_t>((useless + 1) / 2);
      for (auto it = spare.calls.begin(); it != end; ++it) destroy(**it);
      spare.calls.erase(spare.calls.begin(), end);
      if (spare.calls.size() == spare.made && spare.calls.capacity() > 4 * spare.made) spare.calls.shrink_to_fit();
      more |= spare.calls.size() > kSpare;
    }
    spare.unused = spare.calls.size();
  }
  if (all_.capacity() > 4 * all_.size()) all_.shrink_to_fit();
  if (more) tidy_later();
}

void CallPool::destroy(ServerCall& call) {
  --spare_[call.method().index].made;
  const std::size_t slot = call.pool_slot;
  std::swap(all_[slot], all_.back());
  all_[slot]->pool_slot = slot;
  all_.pop_back();
}

}  // namespace pintle::server
