#include <pintle/net/listener.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <netinet/in.h>
#include <sys/stat.h>

#include <pintle/async/descriptor.hpp>
#include <pintle/base/log_limit.hpp>
#include <pintle/net/internal/fd.hpp>
#include <pintle/net/internal/socket.hpp>

namespace pintle::net {
namespace {

// Connections accepted before the loop's other work gets its turn.
constexpr int kBatch = 64;

std::string reason(int error) { return std::generic_category().message(error); }

// The failure of one connection, which accept() passes on; accept(2) says to go on with the next one.
bool of_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // a firewall's word
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

// A file that a process left behind: a socket that refuses connections.
bool stale(const SockAddress& address) {
  struct stat info{};
  if (::lstat(std::string(address.unix_path()).c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), address.data(), address.size()) != 0 && errno == ECONNREFUSED;
}

}  // namespace

// Lives as long as the listener, or a connection that it handed out.
class Listener::Core final : public std::enable_shared_from_this<Core>, Descriptor::Observer {
 public:
  Core(const SockAddress& address, Fd fd, std::vector<Loop*> loops, OnConnection on_connection, ListenerOptions options)
      : address_(address),
        fd_(std::move(fd)),
        loops_(std::move(loops)),
        on_connection_(std::move(on_connection)),
        options_(std::move(options)),
        open_(loops_.size()),
        pause_([](Timer* t) noexcept { static_cast<Pause*>(t)->core->resume(); }) {
    pause_.core = this;
  }
  ~Core() { forget_file(); }

  Status bind();
  const SockAddress& address() const { return address_; }
  Loop& loop() { return *loops_.front(); }

  void start() {
    if (!fd_ || descriptor_) return;
    descriptor_.emplace(loop(), fd_.get(), static_cast<Descriptor::Observer&>(*this), Descriptor::Trigger::edge);
    descriptor_->want_read();
  }
  void close() {
    if (!fd_) return;
    if (descriptor_) {
      while (accept_some(kBatch)) {
      }
    }
    pause_.disarm();
    descriptor_.reset();
    forget_file();
    fd_.reset();
  }

  Counts counts() const {
    Counts c{accepted_.load(), refused_.load(), pauses_.load(), 0};
    for (const auto& n : open_) c.open += n.load();
    return c;
  }
  std::size_t open_on(std::size_t i) const { return open_[i].load(); }

 private:
  struct Pause : Timer {
    using Timer::Timer;
    Core* core = nullptr;
  };
  // One connection's entry in the counts.
  struct Lease {
    Lease(std::shared_ptr<Core> c, std::size_t l, std::string i) : core(std::move(c)), loop(l), ip(std::move(i)) {}
    Lease(const Lease&) = delete;
    ~Lease() { core->release(loop, ip); }
    std::shared_ptr<Core> core;
    std::size_t loop;
    std::string ip;
  };

  void on_readable() noexcept override {
    if (accept_some(kBatch)) descriptor_->want_read();
  }
  void on_writable() noexcept override {}
  bool accept_some(int most);
  void hand_out(Fd fd, const SockAddress& peer);
  void refuse(const SockAddress& peer, std::string_view limit, std::size_t most);
  bool admit_ip(const std::string& ip);
  void release(std::size_t loop, const std::string& ip);
  void pause(int error);
  void resume() noexcept;
  void forget_file();

  SockAddress address_;
  Fd fd_;
  std::vector<Loop*> loops_;
  OnConnection on_connection_;
  ListenerOptions options_;
  std::vector<std::atomic<std::size_t>> open_;
  std::atomic<std::uint64_t> accepted_ = 0, refused_ = 0, pauses_ = 0;
  std::mutex ips_mutex_;
  std::unordered_map<std::string, std::size_t> ips_;  // guarded by ips_mutex_
  std::string file_;                                  // the unix socket's, as long as it is ours to remove
  std::pair<dev_t, ino_t> file_id_;
  LogLimit refusals_, pause_lines_;
  std::size_t last_ = 0;
  std::optional<Descriptor> descriptor_;
  Pause pause_;
  bool paused_ = false, starved_ = false;  // paused now; since the last connection that was accepted
  bool said_pause_ = false;                // the log's last word about it
};

Status Listener::Core::bind() {
  const auto fail = [this](int error) {
    return Status(Code::unavailable, fmt::format("can't listen on {}: {}", address_.to_string(), reason(error)),
                  Origin::library);
  };
  const int on = 1, off = 0;
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (options_.reuse_port) ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (address_.family() == AF_INET6) ::setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd_.get(), address_.data(), address_.size()) != 0) {
    if (errno != EADDRINUSE || address_.unix_path().empty() || !stale(address_)) return fail(errno);
    ::unlink(std::string(address_.unix_path()).c_str());
    if (::bind(fd_.get(), address_.data(), address_.size()) != 0) return fail(errno);
  }
  if (!address_.unix_path().empty()) {
    file_ = address_.unix_path();
    if (options_.unix_mode != 0 && ::chmod(file_.c_str(), options_.unix_mode) != 0) return fail(errno);
    struct stat info{};
    if (::lstat(file_.c_str(), &info) == 0) file_id_ = {info.st_dev, info.st_ino};
  }
  if (::listen(fd_.get(), options_.backlog) != 0) return fail(errno);
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return fail(errno);
  address_ = SockAddress(reinterpret_cast<const sockaddr*>(&storage), size);
  return {};
}

// False when there is nothing more to accept, or accepting is paused.
bool Listener::Core::accept_some(int most) {
  if (paused_) return false;
  for (; most > 0; --most) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    Fd fd(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      starved_ = false;
      if (std::exchange(said_pause_, false))
        options_.log.info("accepting goes on", {{"address", address_.to_string()}});
      hand_out(std::move(fd), SockAddress(reinterpret_cast<const sockaddr*>(&storage), size));
    } else if (errno == EAGAIN) {
      descriptor_->drained();
      descriptor_->want_read();
      return false;
    } else if (!of_one_connection(
                   errno)) {  // no descriptors, no memory, or what nobody expects: trying again is no help
      pause(errno);
      return false;
    }
  }
  return true;
}

void Listener::Core::hand_out(Fd fd, const SockAddress& peer) {
  std::size_t total = 0, best = last_, least = SIZE_MAX;
  for (std::size_t i = 1; i <= open_.size(); ++i) {  // from the one after the last, so that equals take turns
    const std::size_t at = (last_ + i) % open_.size(), n = open_[at].load(std::memory_order_relaxed);
    total += n;
    if (n < least) {
      least = n;
      best = at;
    }
  }
  std::string ip = options_.max_per_ip != 0 ? peer.ip() : std::string();
  if (options_.max_connections != 0 && total >= options_.max_connections)
    return refuse(peer, "max_connections", options_.max_connections);
  if (!admit_ip(ip)) return refuse(peer, "max_connections_per_ip", options_.max_per_ip);
  last_ = best;
  open_[best].fetch_add(1, std::memory_order_relaxed);
  accepted_.fetch_add(1, std::memory_order_relaxed);
  auto lease = std::make_shared<Lease>(shared_from_this(), best, std::move(ip));
  Loop& target = *loops_[best];
  target.post([this, &target, connection = std::move(fd), peer, held = std::move(lease)]() mutable {
    on_connection_(std::make_unique<Socket>(target, std::move(connection), peer, std::move(held)));
  });
}

void Listener::Core::refuse(const SockAddress& peer, std::string_view limit, std::size_t most) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  if (const auto line = refusals_.pass(loop().now()))
    options_.log.warn("connection refused: too many are open", {{"address", address_.to_string()},
                                                                {"network.peer.address", peer.to_string()},
                                                                {"limit", limit},
                                                                {"limit.value", most},
                                                                {"lines_left_out", line->left_out}});
}

bool Listener::Core::admit_ip(const std::string& ip) {
  if (ip.empty()) return true;
  std::lock_guard lock(ips_mutex_);
  std::size_t& n = ips_[ip];
  if (n >= options_.max_per_ip) return false;
  ++n;
  return true;
}

void Listener::Core::release(std::size_t loop, const std::string& ip) {
  open_[loop].fetch_sub(1, std::memory_order_relaxed);
  if (ip.empty()) return;
  std::lock_guard lock(ips_mutex_);
  if (const auto it = ips_.find(ip); it != ips_.end() && --it->second == 0) ips_.erase(it);
}

void Listener::Core::pause(int error) {
  paused_ = true;
  pauses_.fetch_add(1, std::memory_order_relaxed);
  if (!std::exchange(starved_, true)) {
    if (const auto line = pause_lines_.pass(loop().now())) {
      said_pause_ = true;
      options_.log.warn("accepting is paused", {{"address", address_.to_string()},
                                                {"reason", reason(error)},
                                                {"pause_ms", options_.pause.count()},
                                                {"lines_left_out", line->left_out}});
    }
  }
  loop().arm(pause_, loop().now() + options_.pause);
}

void Listener::Core::resume() noexcept {
  paused_ = false;
  descriptor_->want_read();
}

void Listener::Core::forget_file() {
  if (file_.empty()) return;
  struct stat info{};
  // Not when somebody else listens there by now.
  if (::lstat(file_.c_str(), &info) == 0 && std::pair(info.st_dev, info.st_ino) == file_id_) ::unlink(file_.c_str());
  file_.clear();
}

Result<std::unique_ptr<Listener>> Listener::listen(const SockAddress& address, std::vector<Loop*> loops,
                                                   OnConnection on_connection, ListenerOptions options) {
  const auto open = [](const SockAddress& a) {
    return Fd(::socket(a.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  };
  SockAddress bound = address;
  Fd fd = open(bound);
  if (!fd && errno == EAFNOSUPPORT && address.ip() == "::") {  // no IPv6 here: all interfaces are IPv4's
    if (auto v4 = SockAddress::from_ip("0.0.0.0", address.port())) {
      bound = *v4;
      fd = open(bound);
    }
  }
  if (!fd) return unavailable("can't listen on {}: {}", address.to_string(), reason(errno));
  auto core = std::make_shared<Core>(bound, std::move(fd), std::move(loops), std::move(on_connection), options);
  if (Status status = core->bind(); !status.ok()) return std::unexpected(std::move(status));
  return std::unique_ptr<Listener>(new Listener(std::move(core)));
}

Listener::~Listener() { close(); }

const SockAddress& Listener::address() const noexcept { return core_->address(); }

void Listener::start() {
  core_->loop().post([core = core_] { core->start(); });
}

void Listener::close(std::function<void()> closed) {
  core_->loop().post([core = core_, done = std::move(closed)] {
    core->close();
    if (done) done();
  });
}

Listener::Counts Listener::counts() const { return core_->counts(); }

std::size_t Listener::open_on(std::size_t i) const { return core_->open_on(i); }

}  // namespace pintle::net
