#include <pintle/client/internal/happy_eyeballs.hpp>

#include <deque>
#include <string>
#include <utility>

#include <pintle/async/event.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/async/nursery.hpp>

namespace pintle::client {

std::vector<net::SockAddress> interleaved(std::vector<net::SockAddress> addresses) {
  if (addresses.empty()) return addresses;
  const int first = addresses.front().family();
  std::deque<net::SockAddress> same, other;
  for (net::SockAddress& address : addresses) (address.family() == first ? same : other).push_back(address);
  std::vector<net::SockAddress> order;
  order.reserve(addresses.size());
  while (!same.empty() || !other.empty()) {
    for (std::deque<net::SockAddress>* family : {&same, &other}) {
      if (family->empty()) continue;
      order.push_back(family->front());
      family->pop_front();
    }
  }
  return order;
}

namespace {

class Race {
 public:
  Race(std::vector<net::SockAddress> addresses, Duration delay,
       TaskFunction<Connected, const net::SockAddress&> connect, const Env& env)
      : addresses_(std::move(addresses)), delay_(delay), connect_(std::move(connect)), env_(env), scope_(env.scope) {
    next_at_ = env.loop->now();
  }

  Task<Connected> run() {
    while (winner_ == nullptr && !scope_.cancelled()) {
      const bool more = begun_ < addresses_.size();
      if (more && (running_ == 0 || next_at_ <= env_.loop->now())) {
        next_at_ = env_.loop->now() + delay_;
        ++running_;
        nursery_.spawn({env_.loop, &scope_, env_.call}, attempt(addresses_[begun_++]));
        continue;
      }
      if (running_ == 0) break;
      news_.reset();
      if (more)
        co_await first_of(news_.wait(), sleep_for(next_at_ - env_.loop->now()));
      else
        (void)co_await news_.wait();
    }
    scope_.cancel(Status(Code::cancelled, "another address answered first", Origin::library), CancelCause::superseded);
    co_await nursery_.join();
    if (winner_ != nullptr) co_return std::move(winner_);
    if (env_.scope != nullptr && env_.scope->cancelled()) co_return std::unexpected(env_.scope->status());
    co_return std::unexpected(Status(Code::unavailable, failures_, Origin::library));
  }

 private:
  Task<void> attempt(net::SockAddress address) {
    Connected connected = co_await connect_(address);
    --running_;
    news_.set();
    if (connected) {
      if (winner_ == nullptr) winner_ = std::move(*connected);
    } else if (!scope_.cancelled()) {
      next_at_ = env_.loop->now();
      if (!failures_.empty()) failures_ += "; ";
      failures_ += connected.error().message();
    }
  }

  const std::vector<net::SockAddress> addresses_;
  const Duration delay_;
  TaskFunction<Connected, const net::SockAddress&> connect_;
  const Env env_;
  CancelScope scope_;  // of all that run
  Nursery nursery_;
  Event news_;
  TimePoint next_at_;
  std::size_t begun_ = 0;
  int running_ = 0;
  std::unique_ptr<net::ByteStream> winner_;
  std::string failures_;
};

}  // namespace

Task<Connected> first_to_connect(std::vector<net::SockAddress> addresses, Duration delay,
                                 TaskFunction<Connected, const net::SockAddress&> connect) {
  const Env env = co_await current_env();
  Race race(interleaved(std::move(addresses)), delay, std::move(connect), env);
  co_return co_await race.run();
}

}  // namespace pintle::client
