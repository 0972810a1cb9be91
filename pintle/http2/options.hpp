// The limits and settings of one HTTP/2 connection, each with its default and its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pintle::http2 {

enum class Role : std::uint8_t { server, client };

struct Options {
  Options() = default;

  // What this side announces in SETTINGS (RFC 9113 section 6.5.2).
  std::uint32_t header_table_size = 4096;
  std::uint32_t max_concurrent_streams = 100;    // server: RFC 9113 advises 100 at least
  std::uint32_t initial_stream_window = 65'536;  // bytes a peer may send on a stream before we consume them
  std::uint32_t max_stream_window = 1'048'576;   // what it grows to, twofold, while a reader keeps up with its peer:
  std::chrono::milliseconds window_growth{50};   //   it used half of the window again within this time
  std::uint32_t connection_window = 1'048'576;   // credited on receipt: it bounds bursts, not readers; 65 535 at least
  std::uint32_t max_frame_size = 16'384;         // largest frame that we accept
  std::uint32_t advertised_header_list = 8'192;  // SETTINGS_MAX_HEADER_LIST_SIZE, bytes

  // Limits on what the peer may make us do.
  std::size_t max_header_list = 16'384;  // decoded bytes, 32 per field included; beyond it: 431 to the peer
  std::size_t max_header_fields = 100;
  std::size_t max_continuations = 8;      // CONTINUATION frames per header block, empty ones included
  std::size_t max_header_block = 32'768;  // encoded bytes of one block that is longer than a frame
  std::uint32_t reset_check_after = 500;  // rapid reset (CVE-2023-44487): close when more than half of at least
  std::chrono::milliseconds reset_window{
      1000};                                //   this many requests in this time were reset before they were answered
  std::uint32_t max_provoked_resets = 500;  // RST_STREAM that the peer's errors make us send (CVE-2025-8671): a bucket
  std::uint32_t provoked_reset_rate = 10;   //   of so many, refilled by so many a second and by streams without error
  std::uint32_t glitch_burst = 1'000;  // frames that are allowed and of no use (on closed streams, of unknown type,
  std::uint32_t glitch_rate = 100;     //   PRIORITY, WINDOW_UPDATE and PING beyond need, SETTINGS and GOAWAY after
                                       //   the first, refused streams): a bucket of so many, refilled by so many a
                                       //   second
  std::size_t max_control_frames_queued = 1'000;  // SETTINGS and PING acks, RST_STREAM that the peer doesn't read
  std::size_t max_settings_entries = 32;
  std::uint32_t max_empty_data = 100;  // empty DATA frames without END_STREAM, in a row
  std::uint32_t tiny_data_overhead =
      25'600;                      // bytes that DATA frames may cost more than they bring: each costs its header,
                                   //   and pays with twice its payload; padding costs nothing
  std::uint32_t ping_strikes = 2;  // PINGs that come too often (gRFC A8); 0 counts none
  std::chrono::milliseconds min_ping_interval{300'000};         // with active streams
  std::chrono::milliseconds min_ping_interval_idle{7'200'000};  // without
  std::chrono::milliseconds settings_ack_timeout{10'000};
  std::chrono::milliseconds preface_timeout{10'000};       // until the peer's preface and first SETTINGS are complete
  std::chrono::milliseconds header_block_timeout{10'000};  // from HEADERS to END_HEADERS

  // Sending.
  std::uint32_t first_stream_id = 1;          // client: odd; a high one shows what happens when ids run out
  std::size_t output_cap = 256 * 1024;        // bytes of output beyond which DATA waits in its stream's queue
  std::size_t stream_queue_mark = 64 * 1024;  // queued bytes beyond which a stream's writer waits
};

}  // namespace pintle::http2
