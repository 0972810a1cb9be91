#include <pintle/base/file.hpp>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pintle {
namespace {

std::unexpected<std::string> refused(int error) { return std::unexpected(std::generic_category().message(error)); }

struct Closing {
  int fd;
  ~Closing() { ::close(fd); }
};

}  // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t max_bytes) {
  if (path.contains('\0')) return std::unexpected("its name has a zero byte");
  // Without O_NONBLOCK the open() of a pipe waits until somebody writes to it.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return refused(errno);
  const Closing closing{fd};
  struct stat info{};
  if (::fstat(fd, &info) != 0) return refused(errno);
  if (S_ISDIR(info.st_mode)) return std::unexpected("it is a directory");
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) return std::unexpected("it is not a file");
  if (::fcntl(fd, F_SETFL, 0) != 0) return refused(errno);

  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + 64 * 1024);
    const ssize_t n = ::read(fd, text.data() + before, text.size() - before);
    const int error = errno;
    text.resize(before + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n == 0) return text;
    if (n < 0 && error != EINTR) return refused(error);
    if (text.size() > max_bytes) return std::unexpected(fmt::format("it has more than {} bytes", max_bytes));
  }
}

}  // namespace pintle
