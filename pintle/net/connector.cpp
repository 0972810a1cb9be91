#include <pintle/net/connector.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/socket.h>

#include <pintle/async/fd_waiter.hpp>
#include <pintle/net/internal/fd.hpp>
#include <pintle/net/internal/socket.hpp>

namespace pintle::net {
namespace {

Status refused(const SockAddress& address, int error) {
  return Status(Code::unavailable,
                fmt::format("can't connect to {}: {}", address.to_string(), std::generic_category().message(error)),
                Origin::library);
}

}  // namespace

Task<Result<std::unique_ptr<ByteStream>>> connect(SockAddress address, Deadline deadline) {
  const Env env = co_await current_env();
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return std::unexpected(refused(address, errno));
  int error = ::connect(fd.get(), address.data(), address.size()) == 0 ? 0 : errno;
  // A unix socket whose backlog is full says EAGAIN and will not tell when there is room.
  if (error == EINPROGRESS || error == EINTR) {
    FdWaiter waiter(*env.loop, fd.get(), Descriptor::Trigger::level);
    if (!waiter.descriptor().valid()) co_return std::unexpected(refused(address, errno));
    Status status = co_await waiter.writable(deadline);
    if (status.code() == Code::deadline_exceeded && status.origin() == Origin::library &&
        (env.scope == nullptr || !env.scope->cancelled()))
      status = status.with_message(fmt::format("no connection to {} in time", address.to_string()));
    if (!status.ok()) co_return std::unexpected(std::move(status));
    socklen_t size = sizeof error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  if (error != 0) co_return std::unexpected(refused(address, error));
  co_return std::make_unique<Socket>(*env.loop, std::move(fd), address);
}

}  // namespace pintle::net
