#include <algorithm>
#include <array>

#include <sys/epoll.h>
#include <unistd.h>

#include "churn.hpp"

namespace pintle::bench {

Churn::Churn(const ChurnOptions& options, const CallPlan& plan)
    : options_(options),
      plan_(plan),
      authority_("127.0.0.1:" + std::to_string(options.port)),
      epoll_(epoll_create1(0)),
      pace_(options.rate) {
  if (options.calls != 0) budget_.left = options.calls;
}

Churn::~Churn() { close(epoll_); }

void Churn::turn_until(std::uint64_t deadline) {
  std::array<epoll_event, 64> events{};
  for (std::uint64_t now = now_ns(); now < deadline; now = now_ns()) {
    while (open_.size() < options_.connections && budget_.left != 0 && tally_.errors < 1000 && pace_.take(now)) begin();
    if (open_.empty() && (budget_.left == 0 || tally_.errors >= 1000)) return;
    std::uint64_t until = deadline;
    if (budget_.left != 0 && open_.size() < options_.connections) until = std::clamp(pace_.next(), now, deadline);
    const int wait_ms = static_cast<int>((until - now + 999'999) / 1'000'000);
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto& call = *static_cast<OneCall*>(event.data.ptr);
      const bool wanted_write = call.wants_write();
      if (event.events & EPOLLOUT) call.on_writable(now_ns());
      if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) call.on_readable(now_ns());
      if (!call.over() && call.wants_write() != wanted_write) watch(EPOLL_CTL_MOD, call);
    }
    open_.remove_if([](const OneCall& call) { return call.over(); });
  }
  if (budget_.left != 0) return;
  // The end of the time in which what was open might end.
  for (OneCall& call : open_) call.give_up();
  open_.clear();
}

void Churn::begin() {
  budget_.take();
  const std::uint64_t began = now_ns();
  watch(EPOLL_CTL_ADD, open_.emplace_back(connect_to(options_.port), options_.tls, plan_, authority_, began, tally_));
}

void Churn::watch(int operation, OneCall& call) const {
  epoll_event event{};
  event.events = call.wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &call;
  epoll_ctl(epoll_, operation, call.fd(), &event);
}

}  // namespace pintle::bench
