// The conductor: it knows every part and the order in which they are asked; the rules themselves are in the parts.
//
// receive.cpp, receive_headers.cpp and receive_data.cpp hold the way in, send.cpp the way out, and ending.cpp the ways
// in which streams and the connection end.
#pragma once

#include <pintle/http2/frame/payload.hpp>
#include <pintle/http2/frame/write.hpp>
#include <pintle/http2/hpack/decoder.hpp>
#include <pintle/http2/hpack/encoder.hpp>
#include <pintle/http2/internal/closed_streams.hpp>
#include <pintle/http2/internal/early_ends.hpp>
#include <pintle/http2/internal/frame_input.hpp>
#include <pintle/http2/internal/goaway.hpp>
#include <pintle/http2/internal/header_rules.hpp>
#include <pintle/http2/internal/limits.hpp>
#include <pintle/http2/internal/ping.hpp>
#include <pintle/http2/internal/scheduler.hpp>
#include <pintle/http2/internal/sections.hpp>
#include <pintle/http2/internal/settings.hpp>
#include <pintle/http2/internal/stream_store.hpp>
#include <pintle/http2/session.hpp>

namespace pintle::http2 {

struct Session::Impl {
  Impl(Role role, const Options& options, Events& events, TimePoint now);

  // -- The way in: receive.cpp --------------------------------------------------------------------------------------
  void feed(const std::byte* p, const std::byte* end);
  const std::byte* eat_preface(const std::byte* p, const std::byte* end);
  const std::byte* complete_partial(const std::byte* p, const std::byte* end);
  void keep_partial(const std::byte* p, const std::byte* end);
  // What can be said of a frame by its header; asked again when a split frame has fully arrived.
  bool accept(const FrameHeader& header) {
    if (header.length <= options.max_frame_size && got_settings && !block.open() &&
        header.type != FrameType::continuation) [[likely]] {
      return true;
    }
    return accept_unusual(header);
  }
  bool accept_unusual(const FrameHeader& header);
  // HEADERS with nothing around their block, all of it, as nearly all are.
  static bool is_whole_block(const FrameHeader& header) {
    return header.type == FrameType::headers && (header.flags & (kEndHeaders | kPadded | kPriority)) == kEndHeaders &&
           header.stream != 0;
  }
  void frame(const FrameHeader& header, std::span<const std::byte> payload);
  void on_priority(const FrameHeader& header, std::span<const std::byte> payload);
  void on_rst_stream(const FrameHeader& header, std::span<const std::byte> payload);
  void on_settings(const FrameHeader& header, std::span<const std::byte> payload);
  void on_settings_ack();
  void on_ping(const FrameHeader& header, std::span<const std::byte> payload);
  void on_goaway(const FrameHeader& header, std::span<const std::byte> payload);
  void on_window_update(const FrameHeader& header, std::span<const std::byte> payload);

  // receive_headers.cpp
  void on_headers(const FrameHeader& header, std::span<const std::byte> payload);
  void on_continuation(const FrameHeader& header, std::span<const std::byte> payload);
  void block_complete(StreamId id, bool end_stream, std::uint32_t depends_on, std::span<const std::byte> block);
  // A block that is not known. The section is empty when it is too large; null: the connection has failed.
  Section* decode(std::span<const std::byte> block, bool& too_large);
  void request_head(StreamId id, bool end_stream, std::uint32_t depends_on, Section& section, bool too_large);
  void response_head(StreamRecord& stream, bool end_stream, Section& section);
  void trailers(StreamRecord& stream, bool end_stream, Section& section);
  void late_headers(StreamId id, bool end_stream);
  void refuse(StreamId id, ErrorCode code);
  // The same, for a fault of the peer's.
  void reject(StreamId id, ErrorCode code);
  // The peer goes on with a stream that it has reset itself.
  void answer_after_reset(StreamId id);

  // receive_data.cpp
  // A DATA frame that is there to its end and has no padding: what data_begin() and data_continue() do in steps.
  void whole_data(const FrameHeader& header, std::span<const std::byte> payload);
  void data_begin(const FrameHeader& header, std::uint32_t padding);
  // The windows, counters and rules of a frame with `around` bytes that are not data. Null: its payload is dropped.
  StreamRecord* take_data(const FrameHeader& header, std::uint32_t around);
  const std::byte* data_continue(const std::byte* p, const std::byte* end);
  [[gnu::cold]] void late_data(const FrameHeader& header, std::uint32_t around);
  void deliver(StreamRecord& stream, std::span<const std::byte> piece, bool last);

  // -- The way out: send.cpp ----------------------------------------------------------------------------------------
  template <class Encode>
  void write_block(StreamId id, std::uint8_t flags, Encode encode);
  void write_data_header(StreamRecord& stream, std::byte* at, std::size_t size, bool end_stream);
  void write_trailers(StreamRecord& stream);
  void write_rst(StreamId id, ErrorCode code);
  void local_end_sent(StreamRecord& stream);
  void schedule(StreamRecord& stream);
  void queued(StreamRecord& stream, std::size_t before, std::size_t size, bool end_stream);
  // A writer found the way closed for a reason that is not its own window.
  void schedule_writer(StreamRecord& stream);
  void turn(StreamRecord& stream);
  void pump();
  // After a control frame was appended for the peer's sake.
  void count_control();
  void consume(StreamRecord& stream, std::size_t size);

  // -- The ends: ending.cpp -----------------------------------------------------------------------------------------
  // A stream error of the peer's (RFC 9113 section 5.4.2).
  void stream_error(StreamRecord& stream, ErrorCode code);
  // Tells the room above and frees the record.
  void drop(StreamRecord& stream, ErrorCode code, Initiator by);
  // Both sides ended: on_closed() follows with the next flush_finished().
  void finish(StreamRecord& stream);
  void flush_finished() {
    if (finished_first != nullptr || open_failed) [[unlikely]]
      flush_finished_slowly();
  }
  void flush_finished_slowly();
  void close_now(StreamRecord& stream);
  // RST_STREAM behind our own early end.
  [[gnu::cold]] void ask_to_stop(const StreamRecord& stream);
  // We end a stream of which the peer may still send `window` bytes before it knows.
  void ended_early(StreamId id, std::uint32_t window);
  // The same, of a stream that has a record.
  void ended_early(const StreamRecord& stream) {
    ended_early(stream.id(), stream.peer_ended() ? 0 : stream.receive.available());
  }
  void provoked();
  void glitch();
  void hint();
  // The connection ends (RFC 9113 section 5.4.1).
  void fail(ErrorCode code, std::string_view reason, Initiator by = Initiator::library);
  void calm(std::string_view reason) { fail(ErrorCode::enhance_your_calm, reason); }
  void drop_all(ErrorCode code, Initiator by);

  bool server() const { return role == Role::server; }
  bool idle(StreamId id) const { return id % 2 == 0 || id > closed.highest(); }
  bool can_open() const {
    return may_open_again() && store.size() < peer.max_concurrent_streams &&
           (got_settings || store.size() < kStreamsBeforeSettings);
  }
  // open() may succeed again: it failed for want of concurrency.
  bool may_open_again() const {
    return !dead && !goaway.was_received() && !goaway.was_sent() && closed.highest() < kMaxStreamId - 1;
  }
  static StreamRecord& record(Stream& stream) { return static_cast<StreamRecord&>(stream); }
  static const StreamRecord& record(const Stream& stream) { return static_cast<const StreamRecord&>(stream); }

  static constexpr std::size_t kStreamsBeforeSettings = 100;

  const Role role;
  const Options options;
  Events& events;
  TimePoint now;
  Buffer output;
  std::uint64_t written = 0;  // bytes that ever went into output
  PeerSettings peer;
  LocalSettings local;
  HpackDecoder decoder;
  HpackEncoder encoder;
  Sections sections;
  StreamStore store;
  ClosedStreams closed;
  EarlyEnds early_ends;
  Scheduler ready;
  Window send_window{kDefaultWindow};
  ReceiveWindow receive_window;
  Limits limits;
  ControlQueue control;
  UnreadOutput unread;
  PingGuard pings;
  Goaway goaway;
  Counters counters;

  std::size_t preface_left;
  StreamId in_pieces = 0;  // whose write_piece() has more to come
  Buffer partial;          // the beginning of a frame that has not fully arrived
  DataInput data;
  BlockInput block;
  StreamRecord* finished_first = nullptr;
  StreamRecord* finished_last = nullptr;
  TimePoint preface_deadline;
  TimePoint frame_deadline = TimePoint::max();  // for a frame or header block that has begun
  bool got_settings = false;
  bool encoder_lost = false;  // memory ran out inside of it: no header block can be sent any more
  bool pumping = false;
  bool sweep = false;        // writers that found the way closed while pump() ran must be scheduled after it
  bool open_failed = false;  // on_streams_available() is owed
  bool dead = false;
};

}  // namespace pintle::http2
