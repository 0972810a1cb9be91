// How the bytes of an input become what a peer does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>
#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/heads.hpp>

namespace pintle::fuzz {

namespace wire = testing::wire;

inline void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  std::string bytes(std::size_t n) {
    n = std::min(n, rest_.size());
    std::string taken(reinterpret_cast<const char*>(rest_.data()), n);
    rest_ = rest_.subspan(n);
    return taken;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

inline std::string message(std::size_t size, char flag = 0) {
  std::string out(1, flag);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift & 0xff));
  return out + std::string(size, 'm');
}

// The peer's end of one connection.
class Peer {
 public:
  Peer(testing::TestLoop& loop, std::unique_ptr<net::ByteStream> stream) : loop_(loop), stream_(std::move(stream)) {}

  void send(const std::string& bytes) {
    if (stream_ == nullptr) return;
    (void)stream_->write(wire::as_bytes(bytes));  // what does not fit is lost, which is one more thing to survive
    settle();
  }
  void reads(bool reads) {
    reads_ = reads;
    settle();
  }
  void end_input() {
    if (stream_ != nullptr) stream_->shutdown_write();
    settle();
  }
  void hang_up() {
    stream_.reset();
    settle();
  }
  void settle() {
    loop_.run_until_idle();
    if (!reads_ || stream_ == nullptr) return;
    for (net::IoResult got; (got = stream_->read(room_)).state == net::IoState::ok;) loop_.run_until_idle();
  }

 private:
  testing::TestLoop& loop_;
  std::unique_ptr<net::ByteStream> stream_;
  std::vector<std::byte> room_ = std::vector<std::byte>(16 * 1024);
  bool reads_ = true;
};

// What both sides' peers may do; false: it is none of these.
inline bool common_step(std::uint8_t what, std::uint8_t argument, std::uint32_t stream, Input& input, Peer& peer,
                        testing::TestLoop& loop) {
  switch (what) {
    case 0:
      peer.send(input.bytes(argument));
      return true;
    case 1:
      peer.send(wire::data(stream, message(argument * 37u, argument % 31 == 30 ? 1 : 0)));
      return true;
    case 2:
      peer.send(wire::data(stream, argument % 2 == 0 ? std::string() : message(argument)).end_stream());
      return true;
    case 3:
      peer.send(wire::rst(stream, static_cast<http2::ErrorCode>(argument % 16)));
      return true;
    case 4:
      peer.send(wire::window_update(argument % 4 == 0 ? 0 : stream, 1u << argument % 32));
      return true;
    case 5:
      peer.send(wire::settings({{static_cast<http2::SettingId>(argument % 8), 1u << argument / 8}}));
      return true;
    case 6:
      peer.send(argument % 2 == 0 ? wire::ping(argument) : wire::ping(argument).ack());
      return true;
    case 7:
      peer.send(wire::goaway(stream, static_cast<http2::ErrorCode>(argument % 16)));
      return true;
    case 8:
      loop.advance(std::chrono::milliseconds(argument * argument));
      peer.settle();
      return true;
    case 9:
      peer.reads(argument % 2 == 0);
      return true;
    case 10:
      if (argument < 8) peer.hang_up();
      if (argument > 247) peer.end_input();
      return true;
    case 11:
      peer.send(wire::raw(argument % 12, argument, stream, input.bytes(argument % 16)));
      return true;
    default:
      return false;
  }
}

}  // namespace pintle::fuzz
