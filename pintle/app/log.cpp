#include <pintle/app/log.hpp>

#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace pintle {
namespace {

// Everything, or until the descriptor fails for good. A non-blocking one is waited for.
void write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd writable{fd, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      return;
    }
  }
}

constexpr std::size_t kKeepBytes = 16 * 1024;

}  // namespace

StreamLog::StreamLog(int fd, LogFormat format, Level level, WallClock clock)
    : fd_(fd), format_(format), level_(level), clock_(std::move(clock)) {}

void StreamLog::write(Level level, std::string_view message, std::span<const Field> fields) noexcept {
  if (!enabled(level)) return;
  try {
    thread_local std::string line;  // NOLINT(misc-use-internal-linkage): a local of this function
    line.clear();
    format_log_line(format_, clock_ ? clock_() : std::chrono::system_clock::now(), level, message, fields, line);
    {
      const std::lock_guard lock(writing_);
      write_all(fd_, line);
    }
    if (line.capacity() > kKeepBytes) line = std::string();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // Out of memory: the line is lost, the call that wanted to write it is not.
  }
}

}  // namespace pintle
