// A Session and the room above it, for tests: what it is told is written down a line per event, what it sends is read
// back a line per frame.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/http2/session.hpp>
#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>

namespace pintle::http2::test {

using Lines = std::vector<std::string>;

inline constexpr TimePoint kStart{std::chrono::hours(1)};

class Engine : public Events {
 public:
  explicit Engine(Role role = Role::server, const Options& options = {});
  virtual ~Engine() = default;

  // Feeds, pumps, and returns the events since the last call.
  Lines feed(const std::string& bytes);
  // One byte at a time.
  Lines feed_slowly(const std::string& bytes);
  // The frames since the last call.
  Lines sent();
  Lines events();
  void advance(Duration by) { now += by; }
  // Advances and fires the timer when it is due.
  Lines wait(Duration by);

  Stream& stream(StreamId id) { return *streams.at(id); }
  // Client: opens a stream with a plain request.
  Stream* open(bool end_stream, const testing::wire::Fields& fields = testing::wire::request());
  void head(StreamId id, bool end_stream = false, const testing::wire::Fields& fields = testing::wire::response());
  void trailers(StreamId id, const testing::wire::Fields& fields = {{"grpc-status", "0"}});
  // The direct way where it is open, else the queue. True for the direct way.
  bool write(StreamId id, std::string_view bytes, bool end_stream = false);

  // Called inside the event after it was written down; the argument is the event's line.
  std::function<void(const std::string&)> reaction;

  std::size_t shown_bytes = 40;  // DATA events show longer payloads by their size

  TimePoint now = kStart;
  Session session;
  std::map<StreamId, Stream*> streams;

 private:
  void on_headers(Stream& stream, const HeaderList& fields, bool end_stream) override;
  void on_headers_too_large(Stream& stream, bool end_stream) override;
  void on_trailers(Stream& stream, const HeaderList& fields) override;
  void on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) override;
  void on_reset(Stream& stream, ErrorCode code, Initiator by) override;
  void on_writable(Stream& stream) override;
  void on_closed(Stream& stream) override;
  void on_settings(bool first) override;
  void on_ping_ack(std::uint64_t tag) override;
  void on_goaway(StreamId last, ErrorCode code, std::string_view debug) override;
  void on_streams_available() override;
  void on_connection_error(ErrorCode code, Initiator by, std::string_view reason) override;
  void note(std::string line);

  Lines events_;
  testing::wire::Trace trace_;
};

// The state in which most tests begin: prefaces, SETTINGS and acknowledgements exchanged, nothing of it in the lines.
class Established final : public Engine {
 public:
  explicit Established(Role role = Role::server, const Options& options = {},
                       const testing::wire::Frame& peer_settings = testing::wire::settings());
};

}  // namespace pintle::http2::test
