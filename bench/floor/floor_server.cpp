// The kernel's share of a call, and OpenSSL's with --tls: an epoll loop that walks the 9-byte frame headers and answers
// each request with the same 48 bytes. It decodes no headers and no messages, so no server that does real work can cost
// less.
//
// It is an HTTP/2 peer only as far as our load generator needs: SETTINGS and PING are answered, the connection window
// is kept open, and the client's header table must hold at least 104 bytes (the default is 4096).

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include "arguments.hpp"
#include "epoll_loop.hpp"
#include "wire.hpp"

namespace {

using pintle::bench::Wire;

constexpr std::size_t kFrameHeader = 9;
constexpr std::size_t kPreface = 24;
constexpr std::size_t kInput = 256 * 1024;
constexpr std::size_t kOutput = 2 * 1024 * 1024;  // more than the answers to the shortest requests that fill the input
constexpr std::uint32_t kWindow = 1 << 24;

enum Frame : std::uint8_t { data = 0, headers = 1, settings = 4, ping = 6 };
constexpr std::uint8_t kAck = 0x1;
constexpr std::uint8_t kEndStream = 0x1;

// content-type is inserted into the client's table first and grpc-status second: afterwards they are 63 and 62.
constexpr std::string_view kFirstHeaders{
    "\x88\x5f\x10"
    "application/grpc",
    19};
constexpr std::string_view kFirstTrailers{
    "\x40\x0b"
    "grpc-status"
    "\x01"
    "0",
    15};
constexpr std::string_view kNextHeaders{"\x88\xbf", 2};
constexpr std::string_view kNextTrailers{"\xbe", 1};
constexpr std::string_view kMessage{"\0\0\0\0\x0d\x0a\x0bhello world", 18};

void put_frame(std::vector<char>& out, std::uint8_t type, std::uint8_t flags, std::string_view payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  const std::array<char, kFrameHeader> head{static_cast<char>(size >> 16),
                                            static_cast<char>(size >> 8),
                                            static_cast<char>(size),
                                            static_cast<char>(type),
                                            static_cast<char>(flags),
                                            0,
                                            0,
                                            0,
                                            0};
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), payload.begin(), payload.end());
}

struct Answer {
  Answer(std::string_view head, std::string_view trailers) {
    put_frame(bytes, headers, 0x4, head);
    at_data = bytes.size();
    put_frame(bytes, data, 0, kMessage);
    at_trailers = bytes.size();
    put_frame(bytes, headers, 0x5, trailers);
  }
  std::vector<char> bytes;
  std::size_t at_data = 0;
  std::size_t at_trailers = 0;
};

const Answer kFirst(kFirstHeaders, kFirstTrailers);
const Answer kNext(kNextHeaders, kNextTrailers);

class Connection {
 public:
  Connection(int fd, SSL_CTX* tls) : wire_(fd, tls, false), in_(new char[kInput]), out_(new char[kOutput]) {
    const std::uint32_t window = htonl(kWindow);
    std::array<char, 6> setting{0, 4};
    std::memcpy(setting.data() + 2, &window, 4);
    put(settings, 0, {setting.data(), setting.size()});
    put_window_update(kWindow - 65535);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return wire_.fd(); }

  // False when the connection is over.
  bool turn() {
    do {
      const ssize_t got = wire_.read(in_.get() + have_, kInput - have_);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN && flush();
      have_ += static_cast<std::size_t>(got);
      walk();
    } while (wire_.pending());
    return flush();
  }

  bool flush() {
    while (sent_ < filled_) {
      const ssize_t wrote = wire_.write(out_.get() + sent_, filled_ - sent_);
      if (wrote <= 0) return wrote < 0 && errno == EAGAIN;
      sent_ += static_cast<std::size_t>(wrote);
    }
    filled_ = 0;
    sent_ = 0;
    return true;
  }

  // While it lasts, nothing is read: so the output never overflows.
  [[nodiscard]] bool blocked() const { return filled_ != 0 && !wire_.must_read(); }

 private:
  void walk() {
    std::size_t at = 0;
    if (!greeted_) {
      if (have_ < kPreface) return;
      at = kPreface;
      greeted_ = true;
    }
    while (have_ - at >= kFrameHeader) {
      const auto* head = reinterpret_cast<const unsigned char*>(in_.get()) + at;
      const std::size_t size = (std::size_t{head[0]} << 16) | (std::size_t{head[1]} << 8) | head[2];
      if (have_ - at < kFrameHeader + size) break;
      const std::string_view payload(in_.get() + at + kFrameHeader, size);
      const std::uint8_t type = head[3];
      if (type <= headers) {
        if (type == data) consumed_ += static_cast<std::uint32_t>(size);
        if (head[4] & kEndStream) answer(head + 5);
      } else if (type == settings && !(head[4] & kAck)) {
        put(settings, kAck, {});
      } else if (type == ping && !(head[4] & kAck)) {
        put(ping, kAck, payload);
      }
      at += kFrameHeader + size;
    }
    have_ -= at;
    if (have_ != 0 && at != 0) std::memmove(in_.get(), in_.get() + at, have_);
    if (consumed_ >= kWindow / 2) {
      put_window_update(consumed_);
      consumed_ = 0;
    }
  }

  void answer(const unsigned char* stream_id) {
    const Answer& canned = *answer_;
    answer_ = &kNext;
    char* to = out_.get() + filled_;
    filled_ += canned.bytes.size();
    std::memcpy(to, canned.bytes.data(), canned.bytes.size());
    std::memcpy(to + 5, stream_id, 4);
    std::memcpy(to + canned.at_data + 5, stream_id, 4);
    std::memcpy(to + canned.at_trailers + 5, stream_id, 4);
  }

  void put(std::uint8_t type, std::uint8_t flags, std::string_view payload) {
    std::vector<char> frame;
    put_frame(frame, type, flags, payload);
    std::memcpy(out_.get() + filled_, frame.data(), frame.size());
    filled_ += frame.size();
  }

  void put_window_update(std::uint32_t credit) {
    const std::uint32_t wire = htonl(credit);
    put(8, 0, {reinterpret_cast<const char*>(&wire), 4});
  }

  Wire wire_;
  std::unique_ptr<char[]> in_;
  std::size_t have_ = 0;
  std::unique_ptr<char[]> out_;
  std::size_t filled_ = 0;
  std::size_t sent_ = 0;
  std::uint32_t consumed_ = 0;
  bool greeted_ = false;
  const Answer* answer_ = &kFirst;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const auto arguments = pintle::bench::server_arguments(argc, argv);
  pintle::bench::TlsContext tls;
  if (arguments.tls) tls = pintle::bench::tls_server(arguments.certificate_file, arguments.key_file);
  pintle::bench::serve<Connection>(arguments.port, tls.get());
}
