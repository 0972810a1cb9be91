// The HTTP/2 engine (RFC 9113): bytes in, events and bytes out. It has no socket, no clock of its own and no thread.
//
// One Session per connection, used by one thread. The driver feeds what it read, sends what output() holds, and calls
// on_timer() no earlier than next_timer(). Events are called from inside feed(), on_timer() and pump(); from inside an
// event every command below may be called, and none of them resumes anybody's code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <pintle/base/buffer.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/http2/error.hpp>
#include <pintle/http2/header.hpp>
#include <pintle/http2/hpack/encoder.hpp>
#include <pintle/http2/options.hpp>

namespace pintle::http2 {

using StreamId = std::uint32_t;

// A stream, owned by its session. A pointer to it is good until on_closed() has returned, and no longer.
class Stream {
 public:
  StreamId id() const { return id_; }
  void* context = nullptr;  // the room above's own

 protected:
  Stream() = default;
  ~Stream() = default;
  StreamId id_ = 0;
};

// What the engine tells the room above. Every view is valid during the call only.
class Events {
 public:
  // The head of a request (server) or of a response (client; 1xx heads are skipped). It obeys RFC 9113 section 8: a
  // malformed one never gets here. That promises a :status or a :method and no more: CONNECT has an :authority and no
  // :path (section 8.5), any other request has a :path, of any text, and perhaps no :authority. Server: `stream` is
  // new; set its context.
  virtual void on_headers(Stream& stream, const HeaderList& fields, bool end_stream) = 0;
  // Server: a head whose decoded list broke max_header_list or max_header_fields: answer 431 and end the stream. (A
  // response's head or trailers that are too large reset the stream with enhance_your_calm.)
  virtual void on_headers_too_large(Stream& stream, bool end_stream) = 0;
  virtual void on_trailers(Stream& stream, const HeaderList& fields) = 0;  // always ends the peer's side
  // A piece of a DATA frame's payload as it arrived, padding removed; end_stream comes with the last. Empty only when
  // it does nothing but end the peer's side. The stream's window is given back with consume(), padding by the engine.
  virtual void on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) = 0;
  // The stream ended before its time; on_closed() follows. `by` is peer for RST_STREAM, for GOAWAY below the stream's
  // id (code refused_stream) and library for a stream error of the peer's or the end of the connection.
  virtual void on_reset(Stream& stream, ErrorCode code, Initiator by) = 0;
  // The stream's queue has fallen under half of stream_queue_mark, or the direct path may be open again. Follows
  // write_data() that returned null and queue_data() that reached the mark; it may come without need.
  virtual void on_writable(Stream& stream) = 0;
  // Both sides ended, or reset. Called once for each stream that was opened, last of all its events.
  virtual void on_closed(Stream& stream) = 0;
  // The peer's SETTINGS arrived: the first ones make a connection ready.
  virtual void on_settings(bool first) = 0;
  virtual void on_ping_ack(std::uint64_t tag) = 0;
  // GOAWAY came: streams above `last` were reset as refused_stream before this call.
  virtual void on_goaway(StreamId last, ErrorCode code, std::string_view debug) = 0;
  // Client: open() may succeed again after it returned null for want of concurrency. (It never does when ids ran out.)
  virtual void on_streams_available() = 0;
  // The connection is over: every stream was reset and closed before this call. Send what output() still holds (a
  // GOAWAY at its end), then close. feed() does nothing any more. Not called by on_transport_closed().
  virtual void on_connection_error(ErrorCode code, Initiator by, std::string_view reason) = 0;

 protected:
  ~Events() = default;
};

// What one connection did so far, for metrics and channelz.
struct Counters {
  std::uint64_t streams_opened = 0, streams_reset_by_peer = 0, streams_reset_by_us = 0;
  std::uint64_t frames_received = 0, glitches = 0;
};

class Session {
 public:
  // The preface and SETTINGS of this side are in output() at once.
  Session(Role role, const Options& options, Events& events, TimePoint now);
  Session(Session&&) = delete;
  ~Session();

  // -- The driver's side --------------------------------------------------------------------------------------------
  void feed(std::span<const std::byte> bytes, TimePoint now);
  Buffer& output();
  const Buffer& output() const;
  // Moves queued stream data into output(), the streams taking turns a frame at a time, up to output_cap. Call before
  // each send.
  void pump();
  std::optional<TimePoint> next_timer() const;
  void on_timer(TimePoint now);
  // Server: the peer sends nothing more. Resets and closes the streams whose requests are not complete (by library,
  // code no_error); the others go on.
  void on_input_ended();
  // The transport is gone: resets and closes every stream (by library, code no_error) without further output.
  void on_transport_closed();

  // -- Streams ------------------------------------------------------------------------------------------------------
  // Client: opens a stream and sends its head. Null when the peer's MAX_CONCURRENT_STREAMS is reached, after GOAWAY, or
  // when ids ran out; can_open() tells beforehand. After the last two it stays false.
  Stream* open(const PreparedBlock& head, std::span<const OutField> more, bool end_stream, void* context);
  bool can_open() const;
  // The last stream id was used (RFC 9113 section 5.1.1): nothing more begins on this connection, what is open goes on.
  bool exhausted() const;
  // Server: the response head, or head and end in one (Trailers-Only). Client: not used after open().
  void send_head(Stream& stream, const PreparedBlock& head, std::span<const OutField> more, bool end_stream);
  // Trailers; they end our side once the stream's queue has gone out. Server: when the peer has not ended its side by
  // then, RST_STREAM(NO_ERROR) follows (RFC 9113 section 8.1).
  void send_trailers(Stream& stream, const PreparedBlock& block, std::span<const OutField> more);
  // The direct way: room for `size` bytes of one DATA frame in output(), its header already written; fill them before
  // any other call. Null when the stream has queued data or trailers, when a window or the longest frame (the peer's,
  // 64 KiB at most) is smaller, or when output_cap is reached: then use queue_data(). REQUIRES: our side of the stream
  // is open.
  std::byte* write_data(Stream& stream, std::size_t size, bool end_stream);
  // The direct way for what needs many frames: room for the next of `left` bytes, one frame of them at most, with
  // `end_stream` on the last. Fill it, and ask for the rest at once. Empty: the way is closed as above; queue what is
  // left. What has begun may fill output() beyond output_cap, once. REQUIRES: left > 0.
  std::span<std::byte> write_piece(Stream& stream, std::size_t left, bool end_stream);
  // Whether more should be written now. False: the stream's queue is above its mark, or write_piece() has filled
  // output(); on_writable() will tell.
  bool writable(const Stream& stream) const;
  // Copies `data` to the stream's queue (and ends our side after it). An empty span with end_stream ends it with an
  // empty DATA frame.
  void queue_data(Stream& stream, std::span<const std::byte> data, bool end_stream);
  // The same with bytes whose buffer becomes the queue where that is empty: nothing is copied.
  void queue_buffer(Stream& stream, Buffer&& data, bool end_stream);
  // Room for `size` bytes at the end of the stream's queue: fill them before any other call.
  std::byte* extend_queue(Stream& stream, std::size_t size, bool end_stream);
  // Bytes queued for the stream and not yet in output().
  std::size_t queued(const Stream& stream) const;
  // The same of all streams, those that have ended and were not forgotten yet included.
  std::size_t queued() const;
  // Bytes that have left the stream's queue for output() so far, modulo 2^32: whether it moves at all.
  std::uint32_t moved(const Stream& stream) const;
  // Bytes of memory that are kept for the peer beside output(): the streams' queues, and frames that have not fully
  // arrived.
  std::size_t memory() const;
  // Gives back what of it is kept for later and empty now.
  void trim();
  // Ends the stream with RST_STREAM (drops its queue); on_closed() is called before this returns, on_reset() is not.
  void reset(Stream& stream, ErrorCode code);
  // Gives `size` bytes of the stream's receive window back.
  void consume(Stream& stream, std::size_t size);
  // Both may still be open, or either half ended.
  bool peer_ended(const Stream& stream) const;
  bool we_ended(const Stream& stream) const;
  // Our end is in output(): nothing waits in the stream's queue any more.
  bool end_sent(const Stream& stream) const;
  std::size_t active_streams() const;

  // -- The connection -----------------------------------------------------------------------------------------------
  void ping(std::uint64_t tag);
  // First step of a graceful end: GOAWAY(2^31-1, NO_ERROR). Streams opened by the peer until then are still accepted.
  void notice(std::string_view debug = {});
  // Second step: GOAWAY with the last id that was accepted; later streams are refused (RST_STREAM REFUSED_STREAM is not
  // needed: the peer knows). The last id never grows.
  void close_gracefully(ErrorCode code = ErrorCode::no_error, std::string_view debug = {});
  // Ends the connection at once with GOAWAY(code); on_connection_error(by user) is called before this returns.
  void terminate(ErrorCode code, std::string_view reason);
  bool dead() const;      // feed() does nothing any more
  bool draining() const;  // a GOAWAY was sent or received
  const Counters& counters() const;
  // The peer's SETTINGS as they stand.
  std::uint32_t peer_max_concurrent_streams() const;
  std::uint32_t peer_max_header_list() const;  // UINT32_MAX when it announced none

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle::http2
