#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frame.hpp"
#include "header_reader.hpp"
#include "plan.hpp"
#include "request_headers.hpp"
#include "stream_map.hpp"
#include "tally.hpp"
#include "wire.hpp"

namespace pintle::bench {

// One HTTP/2 client connection that keeps `streams` calls open: when one ends, the next begins in the same slot.
// Calls begin after the server's SETTINGS. Times are nanoseconds of the caller's clock.
class Connection {
 public:
  // Takes over `fd`, a connected non-blocking socket, and speaks TLS over it when `tls` is not null. The others must
  // outlive the connection.
  Connection(int fd, SSL_CTX* tls, std::size_t streams, const CallPlan& plan, std::string_view authority, Tally& tally,
             Budget& budget);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Reads once what has arrived, acts on it, and writes all the output that the socket takes.
  void on_readable(std::uint64_t now);
  void on_writable(std::uint64_t now);

  // Begins no more calls and ends our side; it is broken() when the server has ended its own.
  void leave();

  [[nodiscard]] int fd() const { return wire_.fd(); }
  [[nodiscard]] bool wants_write() const { return !out_.empty() && !wire_.must_read(); }
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::size_t open_calls() const { return open_; }
  // SETTINGS have come, so calls have begun.
  [[nodiscard]] bool started() const { return started_; }

 private:
  struct Slot {
    std::uint32_t id = 0;  // 0: no call is open
    std::uint64_t began = 0;
    std::size_t sent = 0;
    std::size_t received = 0;
    bool wrong = false;  // the answer differs from the plan
    std::int64_t send_window = 0;
    std::uint32_t uncredited = 0;
    ResponseFacts facts;
  };

  void parse();
  bool on_frame(const FrameHead& head, const std::uint8_t* payload);
  void on_data_begin(const FrameHead& head);
  void on_data(const std::uint8_t* bytes, std::size_t size);
  void on_data_end();
  bool on_headers(const FrameHead& head, const std::uint8_t* payload, std::size_t size);
  bool on_block(std::uint32_t stream, bool end_stream, const std::uint8_t* block, std::size_t size);
  bool on_settings(const std::uint8_t* payload, std::size_t size);
  void on_window_update(std::uint32_t stream, std::uint32_t credit);
  void on_goaway(std::uint32_t last_stream);

  void begin(std::uint32_t slot);
  void begin_idle();
  void pump(Slot& slot);
  void pump_all();
  void end(std::uint32_t slot, std::string_view why);
  void push();
  void flush();
  void fail(std::string why);

  Wire wire_;
  const CallPlan& plan_;
  Tally& tally_;
  Budget& budget_;
  RequestHeaders request_headers_;
  HeaderReader header_reader_;
  std::vector<Slot> slots_;
  StreamMap map_;
  std::unique_ptr<std::uint8_t[]> in_;
  std::size_t have_ = 0;
  std::vector<char> out_;
  std::size_t out_sent_ = 0;
  std::uint64_t now_ = 0;

  std::uint32_t next_id_ = 1;
  std::size_t open_ = 0;
  std::size_t allowed_ = 100;  // the server's MAX_CONCURRENT_STREAMS, no more than our slots
  std::int64_t send_window_ = 65535;
  std::int64_t first_window_ = 65535;
  std::size_t frame_limit_ = 16384;
  std::uint32_t uncredited_ = 0;
  bool starved_ = false;  // some call has unsent bytes

  std::uint32_t data_left_ = 0;  // of the DATA frame that is being read
  std::uint32_t data_padding_ = 0;
  FrameHead data_head_{};
  std::uint32_t block_stream_ = 0;
  bool block_ends_stream_ = false;
  std::vector<std::uint8_t> block_;
  bool started_ = false;
  bool leaving_ = false;
  bool broken_ = false;
};

}  // namespace pintle::bench
