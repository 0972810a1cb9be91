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
  CancelToken::State& state = *token.state_;
  auto tied = std::make_unique<Tied>(token.state_, std::make_shared<CancelToken::Tie>(&scope, &loop));
  std::unique_lock lock(state.mutex);
  if (const Status status = state.status; !status.ok()) {
    lock.unlock();
    scope.cancel(status, CancelCause::caller);
    return;
  }
  tied->place = state.ties.insert(state.ties.end(), tied->tie);
  tied_ = std::move(tied);
}

void CancelLink::let_go() noexcept {
  tied_->tie->scope = nullptr;
  std::lock_guard lock(tied_->to->mutex);
  if (tied_->to->status.ok()) tied_->to->ties.erase(tied_->place);
}

}  // namespace pintle
