// Listens on an address and hands each connection to the loop that has the fewest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle::net {

struct ListenerOptions {
  ListenerOptions() = default;
  int backlog = 4096;                    // the kernel caps it at net.core.somaxconn
  std::size_t max_connections = 0;       // open at the same time; one more is closed at once; 0: no bound
  std::size_t max_per_ip = 0;            // the same per peer address (a unix socket has none); 0: no bound
  bool reuse_port = false;               // SO_REUSEPORT: several processes share the port
  unsigned unix_mode = 0;                // permissions of a unix socket's file, as 0660; 0: what the umask leaves
  std::chrono::milliseconds pause{100};  // without accepting, after the process ran out of descriptors or memory
  Logger log;                            // a few lines in ten seconds at most, whatever peers do
};

// Any thread may call its functions. Destroying it is close() without waiting.
class Listener {
 public:
  // Called on the loop that the connection was given to, for several loops at the same time. It must not throw.
  using OnConnection = std::function<void(std::unique_ptr<ByteStream>)>;

  // Binds and listens at once; accepts from start() on, on the first of `loops`, which are a runtime's and outlive the
  // listener. A unix socket's file that nobody listens on any more is replaced. UNAVAILABLE with the system's reason
  // when the address is in use or not ours.
  static Result<std::unique_ptr<Listener>> listen(const SockAddress& address, std::vector<Loop*> loops,
                                                  OnConnection on_connection, ListenerOptions options = {});
  Listener(const Listener&) = delete;
  ~Listener();

  // The address that was bound: its port is the one that the system picked for port 0.
  const SockAddress& address() const noexcept;

  void start();
  // Takes what already waits in the backlog, then stops listening and removes the unix socket's file. `closed` is
  // called on the accepting loop; no connection is handed out by it after that (those on their way to other loops
  // arrive).
  void close(std::function<void()> closed = nullptr);

  struct Counts {
    std::uint64_t accepted = 0;  // handed to a loop
    std::uint64_t refused = 0;   // closed at once, for a bound
    std::uint64_t pauses = 0;    // times that accepting was paused, mostly for want of descriptors or memory
    std::size_t open = 0;        // handed out and not yet destroyed
  };
  Counts counts() const;
  // Open connections of the i-th loop.
  std::size_t open_on(std::size_t i) const;

 private:
  class Core;
  explicit Listener(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

}  // namespace pintle::net
