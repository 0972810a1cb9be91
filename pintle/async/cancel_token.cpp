#include <pintle/async/cancel_token.hpp>

namespace pintle {

void CancelToken::cancel(Status status) const {
  std::list<std::shared_ptr<Tie>> ties;
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->status.ok()) return;
    state_->status = status;
    ties.swap(state_->ties);
  }
  for (auto& tie : ties) {
    Loop& loop = *tie->loop;
    loop.post([tie = std::move(tie), status] {
      if (tie->scope != nullptr) tie->scope->cancel(status, CancelCause::caller);
    });
  }
}

bool CancelToken::cancelled() const {
  std::lock_guard lock(state_->mutex);
  return !state_->status.ok();
}

void CancelLink::tie(const CancelToken& token, CancelScope& scope, Loop& loop) {
  state_ = token.state_;
  auto tie = std::make_shared<CancelToken::Tie>(&scope, &loop);
  std::unique_lock lock(state_->mutex);
  if (const Status status = state_->status; !status.ok()) {
    lock.unlock();
    scope.cancel(status, CancelCause::caller);
    return;
  }
  tie_ = tie;
  place_ = state_->ties.insert(state_->ties.end(), std::move(tie));
}

void CancelLink::let_go() noexcept {
  tie_->scope = nullptr;
  std::lock_guard lock(state_->mutex);
  if (state_->status.ok()) state_->ties.erase(place_);
}

}  // namespace pintle
