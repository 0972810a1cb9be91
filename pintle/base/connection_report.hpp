// What one connection is doing, as a value: a part of what servers and channels report (rpc/inspect.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <pintle/base/clock.hpp>
#include <pintle/base/tls_info.hpp>

namespace pintle {

struct ConnectionReport {
  ConnectionReport() = default;
  std::uint64_t id = 0;                // no other connection of the process has, or had, the same
  std::string peer;                    // "ipv4:127.0.0.1:41234"
  std::shared_ptr<const TlsInfo> tls;  // null: plaintext
  std::string phase;                   // "open", "noticed", "closing": which step of its end it has reached
  bool ready = false;                  // the peer's SETTINGS came
  Duration age{};
  std::size_t streams = 0;                          // open now
  std::size_t running = 0, waiting = 0;             // server: handlers that run, requests above max_running
  std::uint64_t bytes_read = 0, bytes_written = 0;  // after TLS
  std::size_t bytes_queued = 0;                     // that the peer does not take
  std::uint64_t streams_opened = 0, streams_reset_by_peer = 0, streams_reset_by_us = 0;
  std::uint64_t frames_received = 0, glitches = 0;  // glitches: frames that are allowed and of no use
};

}  // namespace pintle
