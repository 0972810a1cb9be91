#include <pintle/testing/kit/memory_pair.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <utility>

#include <pintle/base/buffer.hpp>

namespace pintle::testing {

using net::IoResult;
using net::IoState;

namespace {
constexpr std::size_t index(MemoryPair::Direction d) { return static_cast<std::size_t>(d); }
}  // namespace

// Side 0 is a, side 1 is b; pipe i carries what side i writes.
class MemoryPair::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Loop& a, Loop& b, const MemoryPipeOptions& options) : sides{Side(a), Side(b)} {
    for (Pipe& p : pipes) {
      p.capacity = options.capacity;
      p.chunk = options.chunk;
    }
  }

  struct Pipe {
    Buffer bytes;
    std::size_t capacity = 0, chunk = 0;
    std::uint64_t written = 0, writes = 0;
    bool stalled = false, ended = false;
  };
  struct Side {
    explicit Side(Loop& l) : loop(&l) {}
    Loop* loop;
    End* end = nullptr;  // null once it was destroyed
    bool want_read = false, want_write = false;
    bool told_read = false, told_write = false;  // a call is on its way
    bool told_end = false;                       // it has read the end
  };

  mutable std::mutex mutex;  // guards all below
  std::array<Pipe, 2> pipes;
  std::array<Side, 2> sides;
  std::string broken;

  bool readable(std::size_t side) const {
    const Pipe& in = pipes[1 - side];
    return !broken.empty() || (!in.stalled && (!in.bytes.empty() || (in.ended && !sides[side].told_end)));
  }
  bool writable(std::size_t side) const {
    const Pipe& out = pipes[side];
    return !broken.empty() || out.bytes.size() < out.capacity || sides[1 - side].end == nullptr;
  }
  // Calls whoever waits and may go on. Mutex held.
  void notify();
  void deliver(std::size_t side, bool read);
};

class MemoryPair::End final : public net::ByteStream {
 public:
  End(std::shared_ptr<Core> core, std::size_t side) : core_(std::move(core)), side_(side) {
    core_->sides[side_].end = this;
  }
  ~End() override {
    std::lock_guard lock(core_->mutex);
    core_->sides[side_].end = nullptr;
    core_->pipes[side_].ended = true;
    core_->notify();
  }

  void set_observer(Observer& whom) override { observer = &whom; }

  IoResult read(std::span<std::byte> into) override {
    std::lock_guard lock(core_->mutex);
    if (!core_->broken.empty()) return {IoState::error, 0};
    Core::Pipe& in = core_->pipes[1 - side_];
    if (into.empty() || in.stalled || (in.bytes.empty() && !in.ended)) return {IoState::would_block, 0};
    if (in.bytes.empty()) {
      core_->sides[side_].told_end = true;
      return {IoState::end, 0};
    }
    const std::size_t n = std::min({into.size(), in.bytes.size(), std::max<std::size_t>(in.chunk, 1)});
    std::memcpy(into.data(), in.bytes.data(), n);
    in.bytes.consume(n);
    core_->notify();
    return {IoState::ok, n};
  }

  IoResult write(std::span<const std::byte> from) override {
    std::lock_guard lock(core_->mutex);
    Core::Pipe& out = core_->pipes[side_];
    if (!core_->broken.empty()) return {IoState::error, 0};
    if (core_->sides[1 - side_].end == nullptr || out.ended) {  // what the peer sent before it left can still be read
      write_failed_ = true;
      return {IoState::error, 0};
    }
    const std::size_t room = out.capacity - std::min(out.capacity, out.bytes.size());
    const std::size_t n = std::min(room, from.size());
    if (n == 0) return {IoState::would_block, 0};
    out.bytes.append(from.first(n));
    out.written += n;
    ++out.writes;
    core_->notify();
    return {IoState::ok, n};
  }

  void want_read() override {
    std::lock_guard lock(core_->mutex);
    core_->sides[side_].want_read = true;
    core_->notify();
  }
  void want_write() override {
    std::lock_guard lock(core_->mutex);
    core_->sides[side_].want_write = true;
    core_->notify();
  }
  void shutdown_write() override {
    std::lock_guard lock(core_->mutex);
    core_->pipes[side_].ended = true;
    core_->notify();
  }

  std::string_view peer() const override { return side_ == 0 ? "memory:b" : "memory:a"; }
  std::string_view local() const override { return side_ == 0 ? "memory:a" : "memory:b"; }
  std::string error() const override {
    std::lock_guard lock(core_->mutex);
    return core_->broken.empty() && write_failed_ ? "broken pipe" : core_->broken;
  }
  Loop& loop() override { return *core_->sides[side_].loop; }

  Observer* observer = nullptr;

 private:
  std::shared_ptr<Core> core_;
  std::size_t side_;
  bool write_failed_ = false;
};

void MemoryPair::Core::notify() {
  for (std::size_t i = 0; i < 2; ++i) {
    Side& s = sides[i];
    if (s.want_read && !s.told_read && readable(i)) {
      s.told_read = true;
      s.loop->post([core = shared_from_this(), i] { core->deliver(i, true); });
    }
    if (s.want_write && !s.told_write && writable(i)) {
      s.told_write = true;
      s.loop->post([core = shared_from_this(), i] { core->deliver(i, false); });
    }
  }
}

// On the loop of the side, so the end can't be destroyed meanwhile.
void MemoryPair::Core::deliver(std::size_t i, bool read) {
  net::ByteStream::Observer* observer = nullptr;
  {
    std::lock_guard lock(mutex);
    Side& s = sides[i];
    (read ? s.told_read : s.told_write) = false;
    bool& wanted = read ? s.want_read : s.want_write;
    if (s.end == nullptr || !wanted || !(read ? readable(i) : writable(i))) return;
    wanted = false;
    observer = s.end->observer;
  }
  if (observer == nullptr) return;
  if (read)
    observer->on_readable();
  else
    observer->on_writable();
}

MemoryPair::MemoryPair(Loop& a, Loop& b, MemoryPipeOptions options)
    : core_(std::make_shared<Core>(a, b, options)),
      a_(std::make_unique<End>(core_, 0)),
      b_(std::make_unique<End>(core_, 1)) {}

std::unique_ptr<net::ByteStream> MemoryPair::take_a() { return std::move(a_); }
std::unique_ptr<net::ByteStream> MemoryPair::take_b() { return std::move(b_); }

void MemoryPair::set_capacity(Direction d, std::size_t bytes) {
  std::lock_guard lock(core_->mutex);
  core_->pipes[index(d)].capacity = bytes;
  core_->notify();
}

void MemoryPair::set_chunk(Direction d, std::size_t bytes) {
  std::lock_guard lock(core_->mutex);
  core_->pipes[index(d)].chunk = bytes;
}

void MemoryPair::set_stalled(Direction d, bool stalled) {
  std::lock_guard lock(core_->mutex);
  core_->pipes[index(d)].stalled = stalled;
  core_->notify();
}

void MemoryPair::reset(std::string why) {
  std::lock_guard lock(core_->mutex);
  if (core_->broken.empty()) core_->broken = std::move(why);
  core_->notify();
}

std::size_t MemoryPair::in_flight(Direction d) const {
  std::lock_guard lock(core_->mutex);
  return core_->pipes[index(d)].bytes.size();
}

std::uint64_t MemoryPair::bytes_written(Direction d) const {
  std::lock_guard lock(core_->mutex);
  return core_->pipes[index(d)].written;
}

std::uint64_t MemoryPair::writes(Direction d) const {
  std::lock_guard lock(core_->mutex);
  return core_->pipes[index(d)].writes;
}

bool MemoryPair::open_a() const {
  std::lock_guard lock(core_->mutex);
  return core_->sides[0].end != nullptr;
}

bool MemoryPair::open_b() const {
  std::lock_guard lock(core_->mutex);
  return core_->sides[1].end != nullptr;
}

}  // namespace pintle::testing
