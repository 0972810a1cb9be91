#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <pintle/net/internal/socket.hpp>

namespace pintle::net {

Socket::Socket(Loop& loop, Fd fd, const SockAddress& peer, std::shared_ptr<void> lease)
    : loop_(loop), fd_(std::move(fd)), peer_(peer.to_string()), lease_(std::move(lease)) {
  if (!peer.is_unix()) {
    // One write per turn is as much coalescing as we want: Nagle would only wait for acknowledgements.
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  descriptor_.emplace(loop, fd_.get(), static_cast<Descriptor::Observer&>(*this), Descriptor::Trigger::edge);
  if (!descriptor_->valid()) error_ = errno;
}

IoResult Socket::read(std::span<std::byte> into) {
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (n > 0) {
      const auto size = static_cast<std::size_t>(n);
      if (size < into.size() && !descriptor_->hung_up()) descriptor_->drained();
      return {IoState::ok, size};
    }
    if (n == 0) {
      if (into.empty()) return {IoState::would_block, 0};
      // A reset that follows the end is told by nothing else: recv() says 0 for ever.
      if (const int error = pending_error(); error != 0) return failed(error);
      descriptor_->drained();
      return {IoState::end, 0};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(errno);
    descriptor_->drained();
    return {IoState::would_block, 0};
  }
}

int Socket::pending_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

IoResult Socket::write(std::span<const std::byte> from) {
  for (;;) {
    const ssize_t n = ::send(fd_.get(), from.data(), from.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      const auto size = static_cast<std::size_t>(n);
      if (size < from.size()) descriptor_->filled();
      return {IoState::ok, size};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(errno);
    descriptor_->filled();
    return {IoState::would_block, 0};
  }
}

void Socket::shutdown_write() {
  if (::shutdown(fd_.get(), SHUT_WR) != 0 && error_ == 0) error_ = errno;
}

void Socket::limit_unacknowledged(Duration limit) {
  if (peer_.starts_with("unix")) return;
  // 0 is the kernel's word for its own default.
  unsigned milliseconds = 0;
  if (limit != Duration::max())
    milliseconds = static_cast<unsigned>(
        std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(limit).count(), 1, INT_MAX));
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

IoResult Socket::failed(int error) {
  error_ = error;
  return {IoState::error, 0};
}

std::string_view Socket::local() const {
  if (local_.empty()) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size) == 0)
      local_ = SockAddress(reinterpret_cast<const sockaddr*>(&storage), size).to_string();
  }
  return local_;
}

std::string Socket::error() const { return error_ == 0 ? std::string() : std::generic_category().message(error_); }

}  // namespace pintle::net
