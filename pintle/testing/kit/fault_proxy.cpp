#include <pintle/testing/kit/fault_proxy.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pintle::testing {

namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Closed in the way that the other side sees as "connection reset by peer".
void close_hard(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(fd);
}

constexpr std::size_t kPiece = 16 * 1024, kMost = 256 * 1024;

}  // namespace

// One direction.
struct FaultProxy::Pipe {
  struct Piece {
    Clock::time_point due;
    std::string bytes;
  };
  std::deque<Piece> pieces;
  std::size_t held = 0;
  Clock::time_point free_at;  // when the bandwidth has room again
  bool ended = false, ended_told = false;
};

struct FaultProxy::Link {
  int ends[2];    // the client's, the server's
  Pipe pipes[2];  // from ends[i] to the other one
  bool dead = false;
};

FaultProxy::FaultProxy(std::uint16_t to_port, std::uint64_t seed)
    : to_port_(to_port),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      chance_(seed | 1) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 1024) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "a proxy for tests");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { work(); });
}

FaultProxy::~FaultProxy() {
  stop_ = true;
  wake();
  thread_.join();
  ::close(listener_);
  ::close(wake_);
}

void FaultProxy::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

void FaultProxy::set(const Faults& faults) {
  {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
  }
  wake();
}

Faults FaultProxy::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void FaultProxy::work() {
  std::vector<std::unique_ptr<Link>> links;
  std::vector<pollfd> waits;
  std::string room(kPiece, '\0');
  const auto drawn = [this] {
    chance_ ^= chance_ << 13;
    chance_ ^= chance_ >> 7;
    chance_ ^= chance_ << 17;
    return static_cast<double>(chance_ >> 11) / static_cast<double>(1ULL << 53);
  };
  const auto kill = [&](Link& link) {
    if (link.dead) return;
    link.dead = true;
    ++resets_;
    for (const int end : link.ends) close_hard(end);
  };
  while (!stop_) {
    const Faults now = faults();
    if (reset_all_.exchange(false))
      for (auto& link : links) kill(*link);
    std::erase_if(links, [](const auto& link) { return link->dead; });

    Clock::time_point next = Clock::time_point::max();
    waits.assign({{listener_, POLLIN, 0}, {wake_, POLLIN, 0}});
    for (auto& link : links) {
      for (int from = 0; from < 2; ++from) {
        const Pipe& in = link->pipes[from];
        const Pipe& out = link->pipes[1 - from];
        short events = 0;
        if (!now.stalls && !in.ended && in.held < kMost) events |= POLLIN;
        if (!now.stalls && !out.pieces.empty()) {
          if (out.pieces.front().due <= Clock::now())
            events |= POLLOUT;
          else
            next = std::min(next, out.pieces.front().due);
        }
        waits.push_back({link->ends[from], events, 0});
      }
    }
    const auto left =
        next == Clock::time_point::max()
            ? std::chrono::milliseconds(-1)
            : std::chrono::ceil<std::chrono::milliseconds>(std::max(next - Clock::now(), Clock::duration(0)));
    if (::poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) return;
    if ((waits[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof count);
    }

    for (std::size_t i = 0; i < links.size(); ++i) {
      Link& link = *links[i];
      for (int from = 0; from < 2 && !link.dead; ++from) {
        const short got = waits[2 + 2 * i + static_cast<std::size_t>(from)].revents;
        Pipe& in = link.pipes[from];
        if ((got & (POLLERR | POLLNVAL)) != 0) {
          kill(link);
          break;
        }
        if ((got & (POLLIN | POLLHUP)) != 0 && !now.stalls && !in.ended) {
          const ssize_t size = ::read(link.ends[from], room.data(), room.size());
          if (size > 0) {
            if (now.reset_chance > 0 && drawn() < now.reset_chance) {
              kill(link);
              break;
            }
            const auto began = std::max(in.free_at, Clock::now());
            in.free_at = began;
            if (now.bytes_per_second != 0)
              in.free_at += std::chrono::nanoseconds(1'000'000'000 * static_cast<std::int64_t>(size) /
                                                     static_cast<std::int64_t>(now.bytes_per_second));
            in.pieces.push_back({in.free_at + now.latency, room.substr(0, static_cast<std::size_t>(size))});
            in.held += static_cast<std::size_t>(size);
          } else if (size == 0) {
            in.ended = true;
          } else if (errno != EAGAIN && errno != EINTR) {
            kill(link);
            break;
          }
        }
        Pipe& out = link.pipes[1 - from];
        while (!now.stalls && !out.pieces.empty() && out.pieces.front().due <= Clock::now()) {
          std::string& bytes = out.pieces.front().bytes;
          const ssize_t sent = ::send(link.ends[from], bytes.data(), bytes.size(), MSG_NOSIGNAL);
          if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) kill(link);
            break;
          }
          out.held -= static_cast<std::size_t>(sent);
          bytes.erase(0, static_cast<std::size_t>(sent));
          if (!bytes.empty()) break;
          out.pieces.pop_front();
        }
        if (!link.dead && out.ended && out.pieces.empty() && !out.ended_told) {
          out.ended_told = true;
          ::shutdown(link.ends[from], SHUT_WR);
        }
      }
      if (!link.dead && link.pipes[0].ended_told && link.pipes[1].ended_told) {
        link.dead = true;
        for (const int end : link.ends) ::close(end);
      }
    }

    if ((waits[0].revents & POLLIN) == 0) continue;
    for (int client; (client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
      ++accepted_;
      const int server = now.refuses ? -1 : ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(to_port_);
      if (server < 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (server >= 0) ::close(server);
        close_hard(client);
        continue;
      }
      ::fcntl(server, F_SETFL, O_NONBLOCK);
      const int on = 1;
      for (const int end : {client, server}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      links.push_back(std::make_unique<Link>(Link{{client, server}, {}, false}));
    }
  }
  for (auto& link : links) kill(*link);
}

}  // namespace pintle::testing
