#include <pintle/http2/test_support/engine.hpp>

#include <cstring>
#include <utility>

namespace pintle::http2::test {

namespace wire = testing::wire;

namespace {

std::string text(std::string_view word, const Stream& stream) {
  return std::string(word) + " " + std::to_string(stream.id());
}

std::string text(const HeaderList& fields) {
  std::string out;
  for (const auto& field : fields) out.append(" ").append(field.name).append("=").append(field.value);
  return out;
}

std::string_view text(Initiator by) {
  switch (by) {
    case Initiator::user:
      return "user";
    case Initiator::library:
      return "library";
    case Initiator::peer:
      return "peer";
    case Initiator::goaway:
      break;
  }
  return "GOAWAY";
}

std::vector<OutField> out_fields(const wire::Fields& fields) {
  std::vector<OutField> out;
  for (const auto& [name, value] : fields) out.push_back({name, value, Indexing::without});
  return out;
}

const PreparedBlock& nothing() {
  static const PreparedBlock kBlock(1, {});
  return kBlock;
}

}  // namespace

Engine::Engine(Role role, const Options& options) : session(role, options, *this, now) {}

Established::Established(Role role, const Options& options, const wire::Frame& peer_settings) : Engine(role, options) {
  feed((role == Role::server ? wire::preface() : std::string()) + peer_settings + wire::settings_ack());
  sent();
}

Lines Engine::feed(const std::string& bytes) {
  session.feed(wire::as_bytes(bytes), now);
  session.pump();
  return events();
}

Lines Engine::feed_slowly(const std::string& bytes) {
  for (const char& c : bytes) session.feed(wire::as_bytes({&c, 1}), now);
  session.pump();
  return events();
}

Lines Engine::sent() {
  session.pump();
  auto lines = trace_.read(session.output().bytes());
  session.output().clear();
  return lines;
}

Lines Engine::events() { return std::exchange(events_, {}); }

Lines Engine::wait(Duration by) {
  now += by;
  if (const auto at = session.next_timer(); at && *at <= now) session.on_timer(now);
  session.pump();
  return events();
}

Stream* Engine::open(bool end_stream, const wire::Fields& fields) {
  Stream* stream = session.open(nothing(), out_fields(fields), end_stream, nullptr);
  if (stream != nullptr) streams[stream->id()] = stream;
  return stream;
}

void Engine::head(StreamId id, bool end_stream, const wire::Fields& fields) {
  session.send_head(stream(id), nothing(), out_fields(fields), end_stream);
}

void Engine::trailers(StreamId id, const wire::Fields& fields) {
  session.send_trailers(stream(id), nothing(), out_fields(fields));
}

bool Engine::write(StreamId id, std::string_view bytes, bool end_stream) {
  if (std::byte* at = session.write_data(stream(id), bytes.size(), end_stream)) {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return true;
  }
  session.queue_data(stream(id), wire::as_bytes(bytes), end_stream);
  return false;
}

void Engine::note(std::string line) {
  events_.push_back(line);
  if (reaction) reaction(line);
}

void Engine::on_headers(Stream& stream, const HeaderList& fields, bool end_stream) {
  streams[stream.id()] = &stream;
  note(text("headers", stream) + text(fields) + (end_stream ? " end" : ""));
}
void Engine::on_headers_too_large(Stream& stream, bool end_stream) {
  streams[stream.id()] = &stream;
  note(text("headers too large", stream) + (end_stream ? " end" : ""));
}
void Engine::on_trailers(Stream& stream, const HeaderList& fields) { note(text("trailers", stream) + text(fields)); }
void Engine::on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) {
  const std::string_view bytes(reinterpret_cast<const char*>(data.data()), data.size());
  note(text("data", stream) + " " +
       (bytes.size() <= shown_bytes ? std::string(bytes) : std::to_string(bytes.size()) + " bytes") +
       (end_stream ? " end" : ""));
}
void Engine::on_reset(Stream& stream, ErrorCode code, Initiator by) {
  note(text("reset", stream).append(" ").append(error_name(code)).append(" by ").append(text(by)));
}
void Engine::on_writable(Stream& stream) { note(text("writable", stream)); }
void Engine::on_closed(Stream& stream) {
  streams.erase(stream.id());
  note(text("closed", stream));
}
void Engine::on_settings(bool first) { note(first ? "first settings" : "settings"); }
void Engine::on_ping_ack(std::uint64_t tag) { note("ping ack " + std::to_string(tag)); }
void Engine::on_goaway(StreamId last, ErrorCode code, std::string_view debug) {
  note(std::string("goaway ")
           .append(std::to_string(last))
           .append(" ")
           .append(error_name(code))
           .append(" ")
           .append(debug));
}
void Engine::on_streams_available() { note("streams available"); }
void Engine::on_connection_error(ErrorCode code, Initiator by, std::string_view reason) {
  note(std::string("connection error ")
           .append(error_name(code))
           .append(" by ")
           .append(text(by))
           .append(": ")
           .append(reason));
}

}  // namespace pintle::http2::test
