// One HTTP/2 connection on one loop: a byte stream below, an http2::Session in the middle, exchanges above.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/base/connection_report.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/http2/session.hpp>
#include <pintle/net/byte_stream.hpp>
#include <pintle/transport/exchange.hpp>
#include <pintle/transport/keepalive.hpp>
#include <pintle/transport/memory_guard.hpp>

namespace pintle::transport {

// Server: gives each request its exchange.
class Acceptor {
 public:
  // The exchange for a new request; its receiver hears on_start() once the batch is read. The fields are valid during
  // the call. Null: the header list is above the limit, so nothing of it is known, and the answer is HTTP's 431 (RFC
  // 6585 section 5).
  virtual Exchange& accept(Connection& connection, const Headers* fields) = 0;

 protected:
  ~Acceptor() = default;
};

// What the connections of a loop read into, one after the other: loop.local<ReadBuffer>().
struct ReadBuffer {
  std::vector<std::byte> bytes = std::vector<std::byte>(128 * 1024);
};

// Who keeps the connection. Called from the loop.
class ConnectionOwner {
 public:
  virtual void on_ready(Connection& connection) = 0;  // the peer's first SETTINGS came
  // No new streams here: the peer sent GOAWAY, or the last stream id was used, which open() tells before it returns.
  virtual void on_draining(Connection& connection) = 0;
  virtual void on_capacity(Connection& connection) = 0;  // client: the peer allows more streams now
  // Client: the peer ends the connection because it was pinged too often (gRFC A8); on_draining() may follow.
  virtual void on_too_many_pings(Connection& connection) = 0;
  // The last call: the owner destroys the connection now or later. `reason` is for people.
  virtual void on_closed(Connection& connection, std::string_view reason) = 0;

 protected:
  ~ConnectionOwner() = default;
};

struct ConnectionOptions {
  ConnectionOptions() = default;
  http2::Options http2;
  KeepaliveOptions keepalive;
  // What a call without a deadline leaves in a stream's queue when it is over must shrink by 16 KiB, or be gone, within
  // each such time; else the stream is reset.
  Duration linger_timeout = std::chrono::minutes(5);
  Duration idle_timeout = Duration::max();  // no stream for so long: a graceful end
  Duration max_age = Duration::max();  // server: so long after it was made: a graceful end (gRFC A9, no jitter here)
  Duration max_age_grace = Duration::max();  // what calls have after the second GOAWAY of that end; then it is aborted
  // Server: handlers that run at the same time, those of cancelled streams included; more wait (CVE-2023-44487).
  std::size_t max_running = 100;
};

// Who is at the other end; shared with calls that may outlive the connection.
struct Peer {
  std::string address;                 // "ipv4:127.0.0.1:41234"
  std::shared_ptr<const TlsInfo> tls;  // null: plaintext
};

// OPEN -> NOTICED (GOAWAY 2^31-1, PING) -> CLOSING (GOAWAY with the real last id) -> CLOSED. Only ever forward.
enum class Phase : std::uint8_t { open, noticed, closing, closed };

// Loop's thread only.
class Connection final : http2::Events, net::ByteStream::Observer {
 public:
  // `read_buffer` is shared by all connections of the loop. `acceptor` is null for a client. All must outlive the
  // connection.
  Connection(http2::Role role, std::unique_ptr<net::ByteStream> stream, const ConnectionOptions& options,
             std::span<std::byte> read_buffer, ConnectionOwner& owner, Acceptor* acceptor);
  Connection(const Connection&) = delete;
  ~Connection();

  // -- Client -------------------------------------------------------------------------------------------------------
  // False for want of streams: it may be true again when one of them ends, and after on_capacity(). False for good
  // after on_draining().
  bool can_open() {
    if (phase_ != Phase::open || !ready_ || draining_) return false;
    return session_.can_open() || !(refused_open_ = true);
  }
  // Opens a stream for `exchange`. REQUIRES: can_open(). When it is the last that there is an id for, the connection
  // drains: what is open goes on.
  void open(Exchange& exchange, const PreparedBlock& head, std::span<const OutField> more, bool end);

  // -- The end ------------------------------------------------------------------------------------------------------
  // Begins a graceful end: NOTICED now, CLOSING when the peer has answered or after `patience`, CLOSED when the last
  // stream has ended.
  void drain(Duration patience, std::string_view debug = {});
  // Ends it now: GOAWAY(code), every stream reset, on_closed() at the end of the turn.
  void abort(ErrorCode code, std::string_view reason);

  // Memory ran out in the middle of something that can't be gone on with: the connection ends at the end of the turn.
  void give_up() noexcept {
    given_up_ = true;
    flush_soon();
  }

  // What it holds for its peer is charged there from now on, and kept within its budget: bodies that nobody has read,
  // queues and output that the peer does not take, frames that have not fully arrived. The guard outlives the
  // connection, and its account the exchanges. Null: not counted.
  void charge_to(MemoryGuard* guard);
  // Bytes that are charged: bodies at once, the rest when a turn ends and when a large message is queued.
  std::size_t held() const { return share_.held(); }
  // It holds more than its fair share while there is not enough memory for all: no time to accept calls.
  bool is_greedy() const { return share_.is_greedy(); }
  // What is charged for a call beside its messages: about what its coroutines take.
  static constexpr std::size_t kCallMemory = 6 * 1024;

  Phase phase() const { return phase_; }
  bool ready() const { return ready_; }
  std::size_t active_streams() const { return session_.active_streams(); }
  std::size_t running() const { return running_; }
  // Bytes that the transport has taken so far.
  std::uint64_t written() const { return written_; }
  ConnectionReport report() const;
  std::string_view peer() const { return peer_->address; }
  const std::shared_ptr<const Peer>& shared_peer() const { return peer_; }
  // How it ended: the peer broke the rules of HTTP/2, or did not speak it; it went away without a word.
  bool broken() const { return broken_; }
  bool closed_by_peer() const { return closed_by_peer_; }
  const ConnectionOptions& options() const { return options_; }
  Loop& loop() const { return loop_; }
  const http2::Session& session() const { return session_; }
  // For whoever keeps its connections in a list.
  std::size_t owner_slot = 0;
  // What the owner keeps for the connection; it may outlive it.
  std::shared_ptr<void> owner_data;

 private:
  friend class Exchange;
  friend class MemoryGuard;

  // http2::Events
  void on_headers(http2::Stream& stream, const Headers& fields, bool end) override;
  void on_headers_too_large(http2::Stream& stream, bool end) override;
  void on_trailers(http2::Stream& stream, const Headers& fields) override;
  void on_data(http2::Stream& stream, std::span<const std::byte> data, bool end) override;
  void on_reset(http2::Stream& stream, ErrorCode code, Initiator by) override;
  void on_writable(http2::Stream& stream) override;
  void on_closed(http2::Stream& stream) override;
  void on_settings(bool first) override;
  void on_ping_ack(std::uint64_t tag) override;
  void on_goaway(http2::StreamId last, ErrorCode code, std::string_view debug) override;
  void on_streams_available() override;
  void on_connection_error(ErrorCode code, Initiator by, std::string_view reason) override;

  // net::ByteStream::Observer
  void on_readable() noexcept override;
  void on_writable() noexcept override;

  [[gnu::always_inline]] void take(Exchange& exchange, http2::Stream& stream, bool end);
  // What is called from the loop, where nothing may throw.
  void guarded(void (Connection::*step)()) noexcept;
  void out_of_memory() noexcept;
  void read();
  void begin_farewell();
  void read_farewell();
  bool in_farewell() const { return farewell_ends_ != TimePoint::max(); }
  std::size_t turn_share() const;
  void start_accepted();
  void start_soon(Exchange& exchange);
  void settle();
  void flush();
  void flush_soon() { loop_.at_turn_end(turn_end_); }
  bool has_idle_memory() const;
  void count();
  void arm_timer();
  void on_timer();
  void advance_drain();
  void reach_age();
  void start_age_grace();
  bool outlives_input();
  void transport_gone(std::string_view reason);
  void close_soon(std::string_view reason);
  void link(Exchange& exchange);
  void forget(Exchange& exchange) noexcept;
  void ids_ran_out();
  void keep_leftover(http2::Stream& stream, Deadline deadline, Progress progress);
  void end_leftovers(TimePoint now);
  void finished_running();

  // For MemoryGuard.
  bool ending() const { return closed_ || closing_soon_; }
  void add_waiting(const Exchange* spared, std::vector<MemoryGuard::Waiting>& to);
  void shed(http2::Stream& stream);
  // Gives back memory that is kept for later.
  void trim();
  // What it held back for want of memory it does now, where that is over.
  void go_on();
  bool holds_back() const { return write_blocked_ && share_.is_greedy(); }

  // A stream whose user is gone and whose last bytes wait for the peer's window.
  struct Leftover {
    http2::Stream* stream;
    TimePoint ends;
    bool patient;        // it has no deadline: `ends` moves on as long as the queue shrinks
    std::size_t queued;  // when `ends` was set
    Progress progress;
  };

  struct End : TurnEnd {
    explicit End(Connection& c);
    Connection& connection;
  };
  struct Alarm : Timer {
    explicit Alarm(Connection& c);
    Connection& connection;
  };

  const std::uint64_t id_;
  const http2::Role role_;
  Loop& loop_;
  std::unique_ptr<net::ByteStream> stream_;
  std::shared_ptr<const Peer> peer_;
  ConnectionOptions options_;
  std::size_t allowed_ahead_;  // bytes of a body that the peer may always send beyond what was consumed
  std::span<std::byte> read_buffer_;
  ConnectionOwner& owner_;
  Acceptor* acceptor_;
  http2::Session session_;
  MemoryShare share_;
  MemoryGuard* guard_ = nullptr;
  std::size_t guard_slot_ = 0;                  // the guard's
  std::size_t counted_ = 0;                     // of the share: all but the bodies
  TimePoint blocked_since_ = TimePoint::max();  // nothing of the output was taken; max: it is not blocked
  End turn_end_;
  Alarm alarm_;
  Keepalive keepalive_;
  TimePoint idle_since_;
  Phase phase_ = Phase::open;
  bool ready_ = false, draining_ = false, write_blocked_ = false, closing_soon_ = false, closed_ = false;
  bool refused_open_ = false;  // can_open() said no for want of streams
  bool broken_ = false, closed_by_peer_ = false, input_ended_ = false;
  bool given_up_ = false;
  bool reading_held_back_ = false;
  bool aged_ = false;  // max_age is over, in whatever phase
  TimePoint age_ends_, notice_ends_ = TimePoint::max(), grace_ends_ = TimePoint::max();
  TimePoint farewell_ends_ = TimePoint::max();  // max(): both sides may still write
  std::size_t running_ = 0;
  std::uint64_t written_ = 0, read_ = 0;
  const TimePoint made_at_ = loop_.now();
  std::string reason_;
  std::string drain_debug_;
  std::vector<Exchange*> attached_;   // until they are finished
  std::vector<Exchange*> unsettled_;  // hold spans of the read buffer
  std::vector<Exchange*> accepted_;   // of this batch
  std::deque<Exchange*> waiting_;     // accepted, above max_running
  std::vector<Leftover> leftovers_;
};

}  // namespace pintle::transport
