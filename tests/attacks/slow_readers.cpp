// slow_readers --address IPV4:PORT --connections N --calls N --read WAY --request HEX --path PATH
//
// A client that asks for much and reads little: N connections of so many calls each, opened at once. WAY is
//   nothing        windows as large as they get, and the sockets are never read
//   bytes          the same, and of each socket a byte is read every 10 ms
//   window         the default windows, the sockets are read, and no window is ever given back
//   window_bytes   streams begin without a window and are given a byte of it, in turn, every 10 ms
// It prints "asked" when all calls are sent, then goes on until its input ends; at the end it prints what became of the
// calls: "responses N refused N reset N lost N bytes N". Only the last two ways read frames, so only they can tell.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pintle/http2/frame/types.hpp>
#include <pintle/testing/wire/frames.hpp>

namespace {

namespace wire = pintle::testing::wire;
using Clock = std::chrono::steady_clock;
using pintle::http2::FrameType;

constexpr auto kTick = std::chrono::milliseconds(10);
constexpr std::uint32_t kLargest = 0x7fffffff;

enum class Way { nothing, bytes, window, window_bytes };

struct Plan {
  sockaddr_in address{};
  int connections = 100, calls = 100;
  Way way = Way::nothing;
  std::string request, path;
};

struct Ends {
  std::uint64_t responses = 0, refused = 0, reset = 0, lost = 0, bytes = 0;
};

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "slow_readers: {}: {}\n", what,
             std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
  std::exit(1);                      // NOLINT(concurrency-mt-unsafe)
}

// Frames of which only the kinds and the ends matter.
class FrameCounter {
 public:
  explicit FrameCounter(Ends& ends) : ends_(ends) {}
  void feed(std::string_view bytes) {
    ends_.bytes += bytes.size();
    while (!bytes.empty()) {
      if (payload_ > 0) {
        const std::size_t n = std::min<std::size_t>(payload_, bytes.size());
        payload_ -= n;
        bytes.remove_prefix(n);
        continue;
      }
      const std::size_t n = std::min(9 - head_.size(), bytes.size());
      head_.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      if (head_.size() == 9) take_head();
    }
  }

 private:
  void take_head() {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(head_[i])); };
    payload_ = at(0) << 16 | at(1) << 8 | at(2);
    const auto type = static_cast<FrameType>(at(3));
    if (type == FrameType::rst_stream) ++ends_.reset;
    // A response that is an error and nothing else is one HEADERS frame with END_STREAM.
    const std::uint32_t stream = (at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8)) & kLargest;
    if (type == FrameType::headers && (at(4) & pintle::http2::kEndStream) != 0)
      ++(seen_data(stream) ? ends_.responses : ends_.refused);
    if (type == FrameType::data) with_data_.push_back(stream);
    head_.clear();
  }
  bool seen_data(std::uint32_t stream) const { return std::ranges::find(with_data_, stream) != with_data_.end(); }

  Ends& ends_;
  std::string head_;
  std::uint32_t payload_ = 0;
  std::vector<std::uint32_t> with_data_;
};

class SlowReader {
 public:
  SlowReader(const Plan& plan, Ends& ends) : plan_(plan), ends_(ends), frames_(ends) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) give_up("socket");
    if (plan.way == Way::nothing || plan.way == Way::bytes) {
      const int small = 4096;
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&plan.address), sizeof plan.address) != 0) give_up("connect");
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    using pintle::http2::SettingId;
    const std::uint32_t window = plan.way == Way::window_bytes ? 0 : plan.way == Way::window ? 65'535 : kLargest;
    queue_ = wire::preface() + wire::settings({{SettingId::initial_window_size, window}}) + wire::settings_ack();
    if (plan.way == Way::nothing || plan.way == Way::bytes) queue_ += wire::window_update(0, kLargest - 65'535).bytes();
    const std::string message =
        std::string(1, '\0') + big_endian(static_cast<std::uint32_t>(plan.request.size())) + plan.request;
    for (int i = 0; i < plan.calls; ++i) {
      const auto stream = static_cast<std::uint32_t>(2 * i + 1);
      queue_ += wire::headers(stream, {{":method", "POST"},
                                       {":scheme", "http"},
                                       {":path", plan.path},
                                       {":authority", "localhost"},
                                       {"te", "trailers"},
                                       {"content-type", "application/grpc"}})
                    .bytes();
      queue_ += wire::data(stream, message).end_stream().bytes();
    }
  }
  ~SlowReader() { ::close(fd_); }
  SlowReader(const SlowReader&) = delete;

  void tick() {
    send();
    if (lost_) return;
    if (plan_.way == Way::bytes) read(1);
    if (plan_.way == Way::window || plan_.way == Way::window_bytes)
      while (read(64 * 1024)) {
      }
    if (plan_.way == Way::window_bytes && queue_.empty()) {
      queue_ = wire::window_update(static_cast<std::uint32_t>(2 * turn_ + 1), 1).bytes();
      turn_ = (turn_ + 1) % plan_.calls;
      send();
    }
  }
  bool sent() const { return lost_ || queue_.empty(); }

 private:
  static std::string big_endian(std::uint32_t n) {
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
  }
  void lose() {
    if (!lost_) ++ends_.lost;
    lost_ = true;
  }
  void send() {
    while (!lost_ && !queue_.empty()) {
      const ssize_t n = ::send(fd_, queue_.data(), queue_.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return lose();
      if (n < 0) return;
      queue_.erase(0, static_cast<std::size_t>(n));
    }
  }
  bool read(std::size_t most) {
    static char buffer[64 * 1024];
    const ssize_t n = ::recv(fd_, buffer, most, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) lose();
    if (n <= 0) return false;
    frames_.feed({buffer, static_cast<std::size_t>(n)});
    return true;
  }

  const Plan& plan_;
  Ends& ends_;
  FrameCounter frames_;
  int fd_;
  std::string queue_;
  int turn_ = 0;
  bool lost_ = false;
};

int number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) give_up(text);
  return value;
}

std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    int byte = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

Plan plan_of(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i], value = argv[i + 1];
    if (key == "--address") {
      const std::size_t colon = value.find(':');
      plan.address.sin_family = AF_INET;
      plan.address.sin_port = htons(static_cast<std::uint16_t>(number(value.substr(colon + 1))));
      if (::inet_pton(AF_INET, std::string(value.substr(0, colon)).c_str(), &plan.address.sin_addr) != 1)
        give_up(value);
    } else if (key == "--connections") {
      plan.connections = number(value);
    } else if (key == "--calls") {
      plan.calls = number(value);
    } else if (key == "--request") {
      plan.request = unhex(value);
    } else if (key == "--path") {
      plan.path = value;
    } else if (key == "--read") {
      constexpr std::string_view kWays[] = {"nothing", "bytes", "window", "window_bytes"};
      const auto* const way = std::ranges::find(kWays, value);
      if (way == std::end(kWays)) give_up(value);
      plan.way = static_cast<Way>(way - std::begin(kWays));
    } else {
      give_up(key);
    }
  }
  return plan;
}

bool input_ended() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char byte = 0;
  return ::poll(&input, 1, 0) == 1 && ::read(STDIN_FILENO, &byte, 1) <= 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Plan plan = plan_of(argc, argv);
  Ends ends;
  {
    std::vector<std::unique_ptr<SlowReader>> readers;
    readers.reserve(static_cast<std::size_t>(plan.connections));
    for (int i = 0; i < plan.connections; ++i) readers.push_back(std::make_unique<SlowReader>(plan, ends));
    bool asked = false;
    for (auto next = Clock::now(); !input_ended(); next += kTick) {
      for (const auto& reader : readers) reader->tick();
      if (!asked && std::ranges::all_of(readers, [](const auto& r) { return r->sent(); })) {
        asked = true;
        fmt::print("asked\n");
        std::fflush(stdout);
      }
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next + kTick - Clock::now());
      pollfd input{STDIN_FILENO, POLLIN, 0};
      ::poll(&input, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    }
  }
  fmt::print("responses {} refused {} reset {} lost {} bytes {}\n", ends.responses, ends.refused, ends.reset, ends.lost,
             ends.bytes);
}
