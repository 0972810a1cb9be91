#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {

using How = ClosedStreams::How;

void Session::Impl::on_headers(const FrameHeader& header, std::span<const std::byte> payload) {
  HeadersPayload parts{.fragment = payload};
  if (header.has(kPadded | kPriority)) {
    const auto parsed = parse_headers(header, payload);
    if (!parsed) return fail(parsed.error(), "bad HEADERS");
    parts = *parsed;
  }
  if (header.stream == 0) return fail(ErrorCode::protocol_error, "HEADERS on stream 0");
  if (header.has(kEndHeaders)) [[likely]] {
    return block_complete(header.stream, header.has(kEndStream), parts.depends_on, parts.fragment);
  }
  block.id = header.stream;
  block.end_stream = header.has(kEndStream);
  block.depends_on = parts.depends_on;
  block.continuations = 0;
  block.bytes.append(parts.fragment);
  frame_deadline = now + options.header_block_timeout;
}

void Session::Impl::on_continuation(const FrameHeader& header, std::span<const std::byte> payload) {
  if (++block.continuations > options.max_continuations) return calm("too many CONTINUATION frames");
  if (block.bytes.size() + payload.size() > options.max_header_block) return calm("header block too long");
  block.bytes.append(payload);
  if (!header.has(kEndHeaders)) return;
  frame_deadline = TimePoint::max();
  const StreamId id = block.id;
  block.id = 0;
  block_complete(id, block.end_stream, block.depends_on, block.bytes.bytes());
  block.close();
}

Section* Session::Impl::decode(std::span<const std::byte> bytes, bool& too_large) {
  Section& fresh = sections.fresh();
  const HeaderLimits bounds{.list_size = options.max_header_list, .fields = options.max_header_fields};
  switch (decoder.decode(bytes, bounds, fresh.fields)) {
    case DecodeOutcome::ok:
      return &sections.keep(bytes, decoder.version());
    case DecodeOutcome::too_large:
      too_large = true;
      return &fresh;
    case DecodeOutcome::compression_error:
      break;
  }
  fail(ErrorCode::compression_error, "bad header block");
  return nullptr;
}

// Every block is decoded, also one that nobody wants: the tables of the two sides must stay in step.
void Session::Impl::block_complete(StreamId id, bool end_stream, std::uint32_t depends_on,
                                   std::span<const std::byte> bytes) {
  bool too_large = false;
  Section* section = sections.find(bytes, decoder.version());
  if (section == nullptr) [[unlikely]]
    section = decode(bytes, too_large);
  if (section == nullptr) return;
  StreamRecord* stream = store.find(id);
  if (stream == nullptr) {
    if (!idle(id)) return late_headers(id, end_stream);
    if (!server() || id % 2 == 0) return fail(ErrorCode::protocol_error, "HEADERS on a stream that is not the peer's");
    return request_head(id, end_stream, depends_on, *section, too_large);
  }
  if (stream->peer_ended()) return stream_error(*stream, ErrorCode::stream_closed);
  if (depends_on == id) return stream_error(*stream, ErrorCode::protocol_error);
  if (too_large) return stream_error(*stream, ErrorCode::enhance_your_calm);
  if (!server() && !stream->head_received) return response_head(*stream, end_stream, *section);
  trailers(*stream, end_stream, *section);
}

void Session::Impl::request_head(StreamId id, bool end_stream, std::uint32_t depends_on, Section& section,
                                 bool too_large) {
  closed.opened(id);
  limits.request(now);
  if (goaway.refuses(id)) {
    ended_early(id, local.stream_window());
    return glitch();
  }
  if (depends_on == id) return reject(id, ErrorCode::protocol_error);
  if (store.size() >= options.max_concurrent_streams) {
    // A peer that has not seen our SETTINGS knows of no limit (RFC 9113 section 5.1.2).
    const bool knew = local.is_acknowledged();
    refuse(id, ErrorCode::refused_stream);
    if (!knew) return;
    count_control();
    return glitch();
  }
  HeadVerdict verdict{.well_formed = true};
  if (!too_large) {
    if (!section.as_head) section.as_head = check_request(section.fields);
    verdict = *section.as_head;
    if (!verdict.well_formed || (end_stream && verdict.content_length > 0))
      return reject(id, ErrorCode::protocol_error);
  }
  StreamRecord& stream = store.open(id, peer.initial_window, local.stream_window());
  ++counters.streams_opened;
  stream.head_received = true;
  stream.content_left = verdict.content_length;
  if (end_stream) stream.set_peer_ended();
  if (too_large) {
    events.on_headers_too_large(stream, end_stream);
  } else {
    events.on_headers(stream, section.fields, end_stream);
  }
}

void Session::Impl::response_head(StreamRecord& stream, bool end_stream, Section& section) {
  if (!section.as_head) section.as_head = check_response(section.fields);
  const HeadVerdict verdict = *section.as_head;
  if (!verdict.well_formed || (end_stream && (verdict.informational || verdict.content_length > 0))) {
    return stream_error(stream, ErrorCode::protocol_error);
  }
  if (verdict.informational) return glitch();
  stream.head_received = true;
  stream.content_left = verdict.content_length;
  if (end_stream) stream.set_peer_ended();
  if (stream.closed()) finish(stream);
  events.on_headers(stream, section.fields, end_stream);
}

void Session::Impl::trailers(StreamRecord& stream, bool end_stream, Section& section) {
  if (!section.as_trailers) section.as_trailers = check_trailers(section.fields);
  if (!end_stream || stream.content_left > 0 || !*section.as_trailers) {
    return stream_error(stream, ErrorCode::protocol_error);
  }
  stream.set_peer_ended();
  if (stream.closed()) finish(stream);
  events.on_trailers(stream, section.fields);
}

void Session::Impl::late_headers(StreamId id, bool end_stream) {
  const How how = early_ends.find(id) != nullptr ? How::reset_by_us : closed.how(id);
  switch (how) {
    case How::ended:
      return fail(ErrorCode::stream_closed, "HEADERS after the end of the stream");
    case How::never_opened:
      return fail(ErrorCode::protocol_error, "stream id below one that was used");
    case How::reset_by_peer:
      return answer_after_reset(id);
    case How::reset_by_us:
      if (end_stream) {
        closed.set(id, How::ended);
        early_ends.forget(id);
      }
      if (!limits.late_frame(now)) calm("too many frames on closed streams");
      return;
  }
}

// RST_STREAM for a stream that never gets a record.
void Session::Impl::refuse(StreamId id, ErrorCode code) {
  ended_early(id, local.stream_window());
  ++counters.streams_reset_by_us;
  write_rst(id, code);
}

void Session::Impl::reject(StreamId id, ErrorCode code) {
  refuse(id, code);
  count_control();
  provoked();
}

void Session::Impl::answer_after_reset(StreamId id) {
  write_rst(id, ErrorCode::stream_closed);
  count_control();
  provoked();
}

}  // namespace pintle::http2
