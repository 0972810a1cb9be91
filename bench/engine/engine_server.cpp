// Pintle's HTTP/2 engine alone: an epoll loop that gives each request's bytes back as its answer, without Protobuf,
// coroutines, timers or the call contract. Between the floor and the real server it shows what the engine itself costs.
//
// It serves unary calls only: EchoRequest and EchoReply have the same bytes.

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

#include "epoll_loop.hpp"
#include <pintle/http2/session.hpp>

namespace {

using pintle::http2::ErrorCode;
using pintle::http2::HeaderList;
using pintle::http2::Initiator;
using pintle::http2::PreparedBlock;
using pintle::http2::Session;
using pintle::http2::Stream;
using pintle::http2::StreamId;

const PreparedBlock kHead(1, {{":status", "200"}, {"content-type", "application/grpc"}});
const PreparedBlock kTrailers(2, {{"grpc-status", "0"}});

class Connection final : public pintle::http2::Events {
 public:
  explicit Connection(int fd) : fd_(fd), session_(pintle::http2::Role::server, {}, *this, now()) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(fd_); }

  // False when the connection is over.
  bool turn() {
    static std::array<std::byte, 256 * 1024> input;
    const ssize_t got = recv(fd_, input.data(), input.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    if (got > 0) session_.feed(std::span(input).first(static_cast<std::size_t>(got)), now());
    return flush();
  }
  bool flush() {
    for (;;) {
      session_.pump();
      pintle::Buffer& output = session_.output();
      if (output.empty()) return !session_.dead();
      const ssize_t wrote = send(fd_, output.data(), output.size(), MSG_NOSIGNAL);
      if (wrote < 0) return errno == EAGAIN;
      output.consume(static_cast<std::size_t>(wrote));
    }
  }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool blocked() { return !session_.output().empty(); }

 private:
  static pintle::TimePoint now() {
    return std::chrono::time_point_cast<pintle::TimePoint::duration>(std::chrono::steady_clock::now());
  }

  void on_headers(Stream& stream, const HeaderList&, bool) override { session_.send_head(stream, kHead, {}, false); }
  void on_headers_too_large(Stream& stream, bool) override { session_.reset(stream, ErrorCode::enhance_your_calm); }
  void on_trailers(Stream&, const HeaderList&) override {}
  void on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) override {
    if (std::byte* to = session_.write_data(stream, data.size(), false)) {
      std::memcpy(to, data.data(), data.size());
    } else {
      session_.queue_data(stream, data, false);
    }
    session_.consume(stream, data.size());
    if (end_stream) session_.send_trailers(stream, kTrailers, {});
  }
  void on_reset(Stream&, ErrorCode, Initiator) override {}
  void on_writable(Stream&) override {}
  void on_closed(Stream&) override {}
  void on_settings(bool) override {}
  void on_ping_ack(std::uint64_t) override {}
  void on_goaway(StreamId, ErrorCode, std::string_view) override {}
  void on_streams_available() override {}
  void on_connection_error(ErrorCode code, Initiator by, std::string_view reason) override {
    if (by == Initiator::peer) return;
    std::fprintf(stderr, "engine_server: connection error %u: %.*s\n", static_cast<unsigned>(code),
                 static_cast<int>(reason.size()), reason.data());
  }

  int fd_;
  Session session_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--port") {
    std::fprintf(stderr, "usage: engine_server --port N\n");
    return 2;
  }
  pintle::bench::serve<Connection>(static_cast<std::uint16_t>(std::atoi(argv[2])));
}
