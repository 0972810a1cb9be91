// What a server or a channel is doing, as values: a snapshot for admin pages, logs and metrics. Each loop's part is
// taken on that loop at one moment; the parts are not of the same moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <pintle/base/connection_report.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

struct LoopServerReport {
  LoopServerReport() = default;
  std::vector<ConnectionReport> connections;
  std::size_t running = 0, waiting = 0;                  // calls
  std::uint64_t started = 0, succeeded = 0, failed = 0;  // calls, since the beginning; succeeded: with the status OK
  std::size_t pooled_calls = 0;                          // those that run and those that are kept for others
  std::size_t memory = 0;                                // bytes that are charged to the budget; 0 without one
  std::uint64_t streams_shed = 0, connections_shed = 0;  // reset and ended for want of memory
  std::uint64_t exceptions = 0;                          // that left handlers and nobody expected
  bool draining = false;
};

struct ListenerReport {
  ListenerReport() = default;
  std::string address;
  std::uint64_t accepted = 0, refused = 0, pauses = 0;  // pauses: for want of descriptors or memory
  std::size_t open = 0;                                 // connections
  std::size_t handshakes = 0;                           // of TLS, in flight
};

// What stands around the handler of one method.
struct MethodChain {
  MethodChain() = default;
  std::string chain;                // its name; empty: the one without a name
  std::string path;                 // of the method; "_OTHER": of all that no service has
  std::vector<std::string> layers;  // outermost first
};

struct ServerReport {
  ServerReport() = default;
  std::vector<LoopServerReport> loops;  // in the server's order
  std::vector<ListenerReport> listeners;
};

struct LoopChannelReport {
  LoopChannelReport() = default;
  std::string state;                          // "idle", "connecting", "ready", "transient_failure", "shutdown"
  std::vector<ConnectionReport> connections;  // the current one first, then those that are being drained
  std::size_t waiting = 0;                    // calls that wait for a connection, or for a stream on it
  Status last_error;                          // of connecting; OK: it never failed
  int failures = 0;                           // to connect, in a row
  std::uint64_t failed_attempts = 0;          // all of them
  std::size_t memory = 0;                     // bytes that are charged to the budget; 0 without one
  std::uint64_t streams_shed = 0;             // reset for want of memory
};

struct ChannelReport {
  ChannelReport() = default;
  std::string target;  // as the channel was given it; empty: it is a dialer's
  std::string authority;
  std::vector<LoopChannelReport> loops;  // in the channel's order
  std::size_t methods = 0;               // that have a chain of their own
};

}  // namespace pintle
