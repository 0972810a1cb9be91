#include <pintle/net/dns_resolver.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <ares.h>
#include <sys/time.h>

#include <pintle/async/descriptor.hpp>
#include <pintle/async/event.hpp>

namespace pintle::net {

namespace {

// One lookup: a channel of c-ares, its sockets and its time. Lives in a coroutine's frame.
class Lookup {
 public:
  Lookup(Loop& loop, const DnsOptions& options) : loop_(loop), options_(options) {}
  Lookup(const Lookup&) = delete;
  ~Lookup() {
    if (channel_ != nullptr) ares_destroy(channel_);  // ends what runs, and its sockets with it
  }

  Task<Result<DnsAnswer>> run(const std::string& host, std::uint16_t port) {
    host_ = &host;
    if (Status bad = open(); !bad.ok()) co_return std::unexpected(std::move(bad));
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NUMERICSERV;
    const std::string service = std::to_string(port);
    ares_getaddrinfo(channel_, host.c_str(), service.c_str(), &hints, &Lookup::answered, this);
    arm();
    Status let_go = co_await done_.wait();
    if (!let_go.ok()) co_return std::unexpected(std::move(let_go));
    co_return std::move(*result_);
  }

 private:
  // One of c-ares' sockets.
  struct Socket final : Descriptor::Observer {
    Socket(Lookup& l, int f) : lookup(l), fd(f), descriptor(l.loop_, f, *this, Descriptor::Trigger::level) {}
    void on_readable() noexcept override { lookup.process(fd, ARES_SOCKET_BAD); }
    void on_writable() noexcept override { lookup.process(ARES_SOCKET_BAD, fd); }
    Lookup& lookup;
    const int fd;
    bool reads = false, writes = false;
    Descriptor descriptor;
  };
  struct Tick : Timer {
    explicit Tick(Lookup& l)
        : Timer([](Timer* t) noexcept { static_cast<Tick*>(t)->lookup.process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }),
          lookup(l) {}
    Lookup& lookup;
  };

  Status open() {
    ares_options told{};
    told.timeout = static_cast<int>(std::max<std::int64_t>(1, options_.timeout / std::chrono::milliseconds(1)));
    told.tries = std::max(1, options_.tries);
    told.sock_state_cb = [](void* self, ares_socket_t fd, int reads, int writes) {
      static_cast<Lookup*>(self)->socket_changed(fd, reads != 0, writes != 0);
    };
    told.sock_state_cb_data = this;
    int error = ares_init_options(&channel_, &told, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (error != ARES_SUCCESS) {
      channel_ = nullptr;
      return failed(error);
    }
    if (!options_.server.empty()) error = ares_set_servers_ports_csv(channel_, options_.server.c_str());
    return error == ARES_SUCCESS ? Status() : failed(error);
  }

  Status failed(int error) const {
    return Status(Code::unavailable, fmt::format("can't resolve '{}': {}", *host_, ares_strerror(error)),
                  Origin::library);
  }

  void socket_changed(int fd, bool reads, bool writes) {
    if (!reads && !writes) {
      sockets_.erase(fd);
      return;
    }
    auto& socket = sockets_[fd];
    if (socket == nullptr) socket = std::make_unique<Socket>(*this, fd);
    socket->reads = reads;
    socket->writes = writes;
    want(*socket);
  }
  static void want(Socket& socket) {
    if (socket.reads) socket.descriptor.want_read();
    if (socket.writes) socket.descriptor.want_write();
  }

  void process(int readable, int writable) noexcept {
    ares_process_fd(channel_, readable, writable);
    for (const auto& [fd, socket] : sockets_) want(*socket);
    arm();
  }
  void arm() {
    timeval room{};
    const timeval* const next = ares_timeout(channel_, nullptr, &room);
    if (next == nullptr || done_.is_set()) return tick_.disarm();
    loop_.arm(tick_, loop_.now() + std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec + 1));
  }

  static void answered(void* self, int status, int, ares_addrinfo* list) {
    auto& lookup = *static_cast<Lookup*>(self);
    const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owner(list, [](ares_addrinfo* l) {
      if (l != nullptr) ares_freeaddrinfo(l);
    });
    if (status == ARES_EDESTRUCTION) return;
    if (status != ARES_SUCCESS) {
      lookup.result_ = std::unexpected(lookup.failed(status));
    } else {
      DnsAnswer answer;
      int ttl = 0;
      const auto least = [&ttl](int one) {
        if (one > 0) ttl = ttl == 0 ? one : std::min(ttl, one);
      };
      for (const ares_addrinfo_node* n = list->nodes; n != nullptr; n = n->ai_next) {
        if (n->ai_family != AF_INET && n->ai_family != AF_INET6) continue;
        answer.addresses.emplace_back(n->ai_addr, n->ai_addrlen);
        least(n->ai_ttl);
      }
      for (const ares_addrinfo_cname* c = list->cnames; c != nullptr; c = c->next) least(c->ttl);
      answer.ttl = std::chrono::seconds(ttl);
      lookup.result_ = std::move(answer);
      if (lookup.result_->value().addresses.empty()) lookup.result_ = std::unexpected(lookup.failed(ARES_ENODATA));
    }
    lookup.done_.set();
  }

  Loop& loop_;
  const DnsOptions& options_;
  const std::string* host_ = nullptr;
  ares_channel channel_ = nullptr;
  std::map<int, std::unique_ptr<Socket>> sockets_;
  Tick tick_{*this};
  Event done_;
  std::optional<Result<DnsAnswer>> result_;
};

}  // namespace

Status DnsResolver::check_server(std::string_view server) {
  if (server.empty()) return {};
  const auto split = split_host_port(server, 53);
  if (split && SockAddress::from_ip(split->host, split->port)) return {};
  return Status(Code::invalid_argument,
                fmt::format("'{}' is no name server: an IP address is expected, with a port or without", server),
                Origin::library);
}

Task<Result<DnsAnswer>> DnsResolver::look_up(std::string host, std::uint16_t port) const {
  if (auto address = SockAddress::from_ip(host, port)) {
    DnsAnswer answer;
    answer.addresses.push_back(*address);
    co_return answer;
  }
  const Env env = co_await current_env();
  Lookup lookup(*env.loop, options_);
  co_return co_await lookup.run(host, port);
}

Task<Result<std::vector<SockAddress>>> DnsResolver::resolve(std::string host, std::uint16_t port) {
  auto answer = co_await look_up(std::move(host), port);
  if (!answer) co_return std::unexpected(std::move(answer).error());
  co_return std::move(answer->addresses);
}

}  // namespace pintle::net
