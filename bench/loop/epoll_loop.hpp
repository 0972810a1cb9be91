// The barest server loop, for the floor and for the engine alone: so what differs between them is not the loop.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace pintle::bench {

inline int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1024) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

inline void watch(int epoll, int operation, int fd, std::uint32_t events, void* who) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  epoll_ctl(epoll, operation, fd, &event);
}

// Serves the port on the loopback interface for ever; ends the process when it can't listen.
//
// A Connection is made from an accepted non-blocking socket, which it owns, and `more`. It has: fd(); turn(), called
// when there is something to read; flush(), which sends what is ready (both are false when the connection is over); and
// blocked(), true while some output does not fit into the socket. While it is blocked, nothing is read.
template <class Connection, class... More>
[[noreturn]] void serve(std::uint16_t port, More... more) {
  const int listener = listen_on(port);
  const int epoll = epoll_create1(0);
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  std::array<epoll_event, 128> events{};
  for (;;) {
    const int count = epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == nullptr) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (fd < 0) continue;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection = new Connection(fd, more...);
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, connection);
        connection->flush();
        continue;
      }
      const bool was_blocked = connection->blocked();
      const bool lives = was_blocked ? connection->flush() : connection->turn();
      if (!lives) {
        delete connection;
      } else if (was_blocked != connection->blocked()) {
        watch(epoll, EPOLL_CTL_MOD, connection->fd(), connection->blocked() ? EPOLLOUT : EPOLLIN, connection);
      }
    }
  }
}

}  // namespace pintle::bench
