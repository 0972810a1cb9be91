#include <algorithm>
#include <string>

#include <unistd.h>

#include "steady.hpp"

namespace pintle::bench {

Steady::Steady(const SteadyOptions& options, const CallPlan& plan) : options_(options), epoll_(epoll_create1(0)) {
  if (options.calls != 0) budget_.left = options.calls;
  const std::string authority = "127.0.0.1:" + std::to_string(options.port);
  for (std::size_t i = 0; i < options.connections; ++i) {
    const int fd = connect_to(options.port);
    connections_.push_back(
        std::make_unique<Connection>(fd, options.tls, options.streams, plan, authority, tally_, budget_));
    epoll_event event{};
    event.events = connections_.back()->wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = connections_.back().get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

Steady::~Steady() { close(epoll_); }

void Steady::turn_until(std::uint64_t deadline) {
  std::vector<epoll_event> events(256);
  for (std::uint64_t now = now_ns(); now < deadline && !finished(); now = now_ns()) {
    const int wait_ms = options_.spin ? 0 : static_cast<int>((deadline - now) / 1'000'000) + 1;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)]);
  }
}

void Steady::serve(const epoll_event& event) {
  auto& connection = *static_cast<Connection*>(event.data.ptr);
  if (connection.broken()) return;
  const bool wanted_write = connection.wants_write();
  if (event.events & EPOLLOUT) connection.on_writable(now_ns());
  if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) connection.on_readable(now_ns());
  if (connection.broken()) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd(), nullptr);
  } else if (connection.wants_write() != wanted_write) {
    epoll_event change{};
    change.events = connection.wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    change.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &change);
  }
}

bool Steady::finished() const {
  if (budget_.left != 0 && tally_.errors < 1000) {
    return std::all_of(connections_.begin(), connections_.end(), [](const auto& one) { return one->broken(); });
  }
  return std::all_of(connections_.begin(), connections_.end(),
                     [](const auto& one) { return one->broken() || one->open_calls() == 0; });
}

}  // namespace pintle::bench
