// A peer that sends anything, in pieces of any size, to a room that does anything: the engine must keep its promises to
// the room above, whatever comes.
//
// Input: a byte for the role and the options, then steps. A step begins with a byte: its top bit set means a command
// (the rest says which), otherwise so many bytes of input follow and are fed.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include <pintle/http2/frame/types.hpp>
#include <pintle/http2/session.hpp>

namespace pintle::http2 {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

class Room final : public Events {
 public:
  std::map<StreamId, Stream*> open;
  bool over = false;
  bool client = false;
  Session* session = nullptr;

  Stream* pick(std::uint8_t n) {
    if (open.empty()) return nullptr;
    auto at = open.begin();
    std::advance(at, n % open.size());
    return at->second;
  }
  void add(Stream& stream) {
    require(open.emplace(stream.id(), &stream).second);
    stream.context = this;
  }

 private:
  // Every event but the last ones is about a stream that was opened and not yet closed.
  void about(Stream& stream) {
    const auto at = open.find(stream.id());
    require(at != open.end() && at->second == &stream && stream.context == this);
    require(!over);
  }
  void head(Stream& stream, const HeaderList& fields) {
    if (open.contains(stream.id())) {
      about(stream);  // a client's
    } else {
      add(stream);
    }
    for (const HeaderField& field : fields) require(field.valid_name && field.valid_value);
    if (client) return require(value(fields, Token::status).size() == 3);
    // All that the room above may take for granted (RFC 9113 sections 8.3.1 and 8.5).
    const std::string_view method = value(fields, Token::method);
    require(!method.empty());
    require(!value(fields, method == "CONNECT" ? Token::authority : Token::path).empty());
  }
  static std::string_view value(const HeaderList& fields, Token token) {
    const auto at = std::find_if(fields.begin(), fields.end(), [&](const HeaderField& f) { return f.token == token; });
    return at != fields.end() ? at->value : std::string_view();
  }
  void on_headers(Stream& stream, const HeaderList& fields, bool) override { head(stream, fields); }
  void on_headers_too_large(Stream& stream, bool) override { add(stream); }
  void on_trailers(Stream& stream, const HeaderList& fields) override {
    about(stream);
    for (const HeaderField& field : fields) require(!is_pseudo(field.token));
  }
  void on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) override {
    about(stream);
    require(!data.empty() || end_stream);
    if (data.size() % 2 == 0) session->consume(stream, data.size());
    if (data.size() == 7) session->reset(stream, ErrorCode::cancel);
  }
  void on_reset(Stream& stream, ErrorCode, Initiator) override {
    about(stream);
    session->reset(stream, ErrorCode::cancel);  // must be ignored
  }
  void on_writable(Stream& stream) override { about(stream); }
  void on_closed(Stream& stream) override {
    about(stream);
    open.erase(stream.id());
  }
  void on_settings(bool) override { require(!over); }
  void on_ping_ack(std::uint64_t) override { require(!over); }
  void on_goaway(StreamId, ErrorCode, std::string_view) override { require(!over); }
  void on_streams_available() override { require(session->can_open()); }
  void on_connection_error(ErrorCode, Initiator, std::string_view) override {
    require(open.empty() && !over);
    over = true;
  }
};

Options options(std::uint8_t choice) {
  Options out;
  if (choice & 2) out.initial_stream_window = 100;
  if (choice & 4) out.max_concurrent_streams = 2;
  if (choice & 8) out.max_header_fields = 4;
  if (choice & 16) out.output_cap = 300;
  if (choice & 32) out.stream_queue_mark = 50;
  if (choice & 64) out.header_table_size = 64;
  if (choice & 128) out.first_stream_id = kMaxStreamId - 2;
  out.ping_strikes = 1'000'000;
  return out;
}

void command(Session& session, Room& room, std::uint8_t which, std::uint8_t argument, TimePoint& now) {
  static const PreparedBlock kHead(1, {{":status", "200"}, {"content-type", "application/grpc"}});
  static const PreparedBlock kRequest(2, {{":method", "POST"}, {":scheme", "http"}, {":path", "/s/m"}});
  static const PreparedBlock kTrailers(3, {{"grpc-status", "0"}});
  const std::string body(argument * 5u, 'b');
  Stream* stream = room.pick(argument);
  switch (which % 14) {
    case 0:
      if (Stream* fresh = session.can_open() ? session.open(kRequest, {}, argument % 2 == 0, nullptr) : nullptr) {
        room.add(*fresh);
      }
      return;
    case 1:
      if (stream != nullptr && !session.we_ended(*stream)) session.send_head(*stream, kHead, {}, argument % 8 == 0);
      return;
    case 2:
      if (stream != nullptr && !session.we_ended(*stream)) session.send_trailers(*stream, kTrailers, {});
      return;
    case 3:
      if (stream == nullptr || session.we_ended(*stream)) return;
      if (std::byte* at = session.write_data(*stream, body.size(), argument % 4 == 0)) {
        if (!body.empty()) std::memcpy(at, body.data(), body.size());
      }
      return;
    case 4:
      if (stream != nullptr && !session.we_ended(*stream)) {
        session.queue_data(*stream, std::as_bytes(std::span(body)), argument % 4 == 0);
      }
      return;
    case 5:
      if (stream != nullptr) session.reset(*stream, ErrorCode::cancel);
      return;
    case 6:
      return session.pump();
    case 7:
      return session.output().clear();
    case 8:
      session.output().consume(std::min<std::size_t>(argument, session.output().size()));
      return;
    case 9:
      now += std::chrono::milliseconds(argument * 50);
      return session.on_timer(now);
    case 10:
      return session.ping(argument);
    case 11:
      return argument % 2 == 0 ? session.notice() : session.close_gracefully();
    case 12:
      if (argument == 1) session.terminate(ErrorCode::internal_error, "");
      return;
    default:
      if (argument == 1) session.on_transport_closed();
      return;
  }
}

}  // namespace
}  // namespace pintle::http2

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle::http2;  // NOLINT: the whole target is about it
  if (size == 0) return 0;
  const Role role = data[0] & 1 ? Role::client : Role::server;
  Room room;
  pintle::TimePoint now{std::chrono::hours(1)};
  Session session(role, options(data[0]), room, now);
  room.session = &session;
  room.client = role == Role::client;
  for (std::size_t at = 1; at < size;) {
    const std::uint8_t head = data[at++];
    if (head & 0x80) {
      const std::uint8_t argument = at < size ? data[at++] : 0;
      command(session, room, head & 0x7f, argument, now);
    } else {
      const std::size_t n = std::min<std::size_t>(head, size - at);
      session.feed({reinterpret_cast<const std::byte*>(data + at), n}, now);
      at += n;
    }
    require(session.active_streams() <= room.open.size());
    require(!session.can_open() || !session.exhausted());
  }
  session.pump();
  require(session.active_streams() == room.open.size() || session.dead());
  session.on_transport_closed();
  require(room.open.empty());
  return 0;
}
