#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include <unistd.h>

#include "delimited.hpp"

namespace conformance {

namespace {

constexpr std::size_t kPrefix = 4;

// How many bytes came before the stream ended.
std::size_t read_fully(int fd, char* to, std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::read(fd, to + got, size - got);
    if (n == 0) break;
    if (n > 0) {
      got += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "can't read");
    }
  }
  return got;
}

}  // namespace

bool read_message(int fd, google::protobuf::MessageLite& message) {
  unsigned char prefix[kPrefix];
  const std::size_t got = read_fully(fd, reinterpret_cast<char*>(prefix), kPrefix);
  if (got == 0) return false;
  if (got < kPrefix) throw std::runtime_error("the stream ends inside a length");
  std::uint32_t size = 0;
  for (unsigned char byte : prefix) size = size << 8 | byte;
  std::string bytes(size, '\0');
  if (read_fully(fd, bytes.data(), size) < size) throw std::runtime_error("the stream ends inside a message");
  if (!message.ParseFromString(bytes)) throw std::runtime_error("a message can't be parsed");
  return true;
}

void write_message(int fd, const google::protobuf::MessageLite& message) {
  const auto size = static_cast<std::uint32_t>(message.ByteSizeLong());
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(size >> shift & 0xff));
  message.AppendToString(&bytes);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + sent, bytes.size() - sent);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "can't write");
    }
  }
}

}  // namespace conformance
