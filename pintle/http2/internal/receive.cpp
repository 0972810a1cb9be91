#include <algorithm>

#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {

namespace {

constexpr std::byte kTlsHandshake{0x16}, kTlsAlert{0x15};

// A request line, as far as it came.
bool is_http1(std::string_view said) { return said.substr(0, said.find('\n')).contains(" HTTP/1."); }

// Who said this instead of a preface: for the one log line that explains it.
std::string_view what_speaks(std::string_view said) {
  if (std::byte{static_cast<unsigned char>(said.front())} == kTlsHandshake)
    return "the client speaks TLS where plaintext HTTP/2 is spoken";
  if (is_http1(said)) return "the client speaks HTTP/1 where HTTP/2 is spoken";
  return "not an HTTP/2 preface";
}

// RFC 9110 section 15.5.22 wants Upgrade, and with it the connection option.
constexpr std::string_view kUpgradeRequired =
    "HTTP/1.1 426 Upgrade Required\r\n"
    "upgrade: HTTP/2.0\r\n"
    "connection: upgrade, close\r\n"
    "content-type: text/plain\r\n"
    "content-length: 86\r\n\r\n"
    "This port speaks gRPC over HTTP/2, from the first byte (curl --http2-prior-knowledge).";

// The same, read as the header of a frame: "HTTP/1.1 ".
bool is_http1_answer(const FrameHeader& header) {
  return header.length == 0x485454 && static_cast<std::uint8_t>(header.type) == 'P' && header.flags == '/';
}

// A TLS record, read as the header of a frame: its type and the version's first byte.
bool is_tls(const FrameHeader& header) {
  const auto type = static_cast<std::byte>(header.length >> 16);
  return (type == kTlsHandshake || type == kTlsAlert) && ((header.length >> 8) & 0xff) == 3;
}

}  // namespace

void Session::Impl::feed(const std::byte* p, const std::byte* end) {
  if (dead) return;
  if (output.size() > options.output_cap && !unread.allows(written, output.size())) return calm("output is not read");
  if (preface_left != 0) p = eat_preface(p, end);
  if (!partial.empty()) p = complete_partial(p, end);
  if (data.open() && p != end && !dead) {
    p = data_continue(p, end);
    flush_finished();
  }
  while (p != end && !dead) {
    const auto left = static_cast<std::size_t>(end - p);
    if (left < kFrameHeaderSize) break;
    const FrameHeader header = load_frame_header(p);
    if (!accept(header)) return;
    if (header.type == FrameType::data) {
      const bool padded = header.has(kPadded) && header.length != 0;
      const std::size_t head = padded ? kFrameHeaderSize + 1 : kFrameHeaderSize;
      if (left < head) break;
      if (!header.has(kPadded) && left >= kFrameHeaderSize + header.length) [[likely]] {
        whole_data(header, {p + kFrameHeaderSize, header.length});
        p += kFrameHeaderSize + header.length;
      } else {
        data_begin(header, padded ? static_cast<std::uint32_t>(p[kFrameHeaderSize]) : 0);
        p += head;
        if (p != end && !dead) p = data_continue(p, end);
      }
    } else {
      if (left < kFrameHeaderSize + header.length) break;
      const std::span payload{p + kFrameHeaderSize, header.length};
      if (is_whole_block(header)) [[likely]] {
        ++counters.frames_received;
        block_complete(header.stream, header.has(kEndStream), 0, payload);
      } else {
        frame(header, payload);
      }
      p += kFrameHeaderSize + header.length;
    }
    flush_finished();
  }
  if (p != end && !dead) keep_partial(p, end);
}

const std::byte* Session::Impl::eat_preface(const std::byte* p, const std::byte* end) {
  const std::size_t n = std::min(preface_left, static_cast<std::size_t>(end - p));
  if (n == 0) return p;
  if (std::memcmp(p, kClientPreface.data() + (kClientPreface.size() - preface_left), n) != 0) {
    const bool nothing_left = output.size() == written;
    const std::string_view said(reinterpret_cast<const char*>(p), static_cast<std::size_t>(end - p));
    fail(ErrorCode::protocol_error, what_speaks(said));
    if (is_http1(said) && nothing_left) {  // in words that it understands
      output.clear();
      output.append(kUpgradeRequired);
    }
    return end;
  }
  preface_left -= n;
  return p + n;
}

// Takes from [p, end) what the partial frame lacks; on return the frame was handled, or all bytes were taken.
const std::byte* Session::Impl::complete_partial(const std::byte* p, const std::byte* end) {
  const auto fill = [&](std::size_t wanted) {
    if (partial.size() < wanted) {
      const std::size_t n = std::min(wanted - partial.size(), static_cast<std::size_t>(end - p));
      partial.append(p, n);
      p += n;
    }
    return partial.size() >= wanted;
  };
  if (!fill(kFrameHeaderSize)) return p;
  const FrameHeader header = load_frame_header(partial.data());
  if (!accept(header)) return end;
  if (header.type == FrameType::data) {
    const bool padded = header.has(kPadded) && header.length != 0;
    if (!fill(kFrameHeaderSize + (padded ? 1 : 0))) return p;
    const std::uint32_t padding = padded ? static_cast<std::uint32_t>(partial.data()[kFrameHeaderSize]) : 0;
    partial.clear();
    frame_deadline = TimePoint::max();
    data_begin(header, padding);
  } else {
    if (!fill(kFrameHeaderSize + header.length)) return p;
    if (!block.open()) frame_deadline = TimePoint::max();
    frame(header, {partial.data() + kFrameHeaderSize, header.length});
    partial.clear();
  }
  flush_finished();
  return p;
}

void Session::Impl::keep_partial(const std::byte* p, const std::byte* end) {
  partial.append(p, static_cast<std::size_t>(end - p));
  if (frame_deadline == TimePoint::max()) frame_deadline = now + options.header_block_timeout;
}

bool Session::Impl::accept_unusual(const FrameHeader& header) {
  if (!got_settings && !server() && is_tls(header)) {
    fail(ErrorCode::protocol_error, "the server speaks TLS where plaintext HTTP/2 is spoken");
  } else if (!got_settings && !server() && is_http1_answer(header)) {
    fail(ErrorCode::protocol_error, "the server answered in HTTP/1.1: it does not speak HTTP/2 on this port");
  } else if (header.length > options.max_frame_size) {
    fail(ErrorCode::frame_size_error, "frame above MAX_FRAME_SIZE");
  } else if (!got_settings && (header.type != FrameType::settings || header.has(kAck))) {
    fail(ErrorCode::protocol_error, "the first frame must be SETTINGS");
  } else if (block.open() != (header.type == FrameType::continuation) || (block.open() && block.id != header.stream)) {
    fail(ErrorCode::protocol_error, block.open() ? "header block interrupted" : "CONTINUATION without HEADERS");
  }
  return !dead;
}

void Session::Impl::frame(const FrameHeader& header, std::span<const std::byte> payload) {
  ++counters.frames_received;
  switch (header.type) {
    case FrameType::headers:
      return on_headers(header, payload);
    case FrameType::window_update:
      return on_window_update(header, payload);
    case FrameType::priority:
      return on_priority(header, payload);
    case FrameType::rst_stream:
      return on_rst_stream(header, payload);
    case FrameType::settings:
      return on_settings(header, payload);
    case FrameType::push_promise:
      return fail(ErrorCode::protocol_error, "PUSH_PROMISE is not allowed");
    case FrameType::ping:
      return on_ping(header, payload);
    case FrameType::goaway:
      return on_goaway(header, payload);
    case FrameType::continuation:
      return on_continuation(header, payload);
    case FrameType::data:  // goes its own way
      break;
  }
  hint();  // unknown types are ignored (RFC 9113 section 4.1)
}

// Priorities are never used (RFC 9113 section 5.3.2), but RFC 7540's errors are still errors.
void Session::Impl::on_priority(const FrameHeader& header, std::span<const std::byte> payload) {
  if (header.stream == 0) return fail(ErrorCode::protocol_error, "PRIORITY on stream 0");
  hint();
  if (dead) return;
  StreamRecord* stream = store.find(header.stream);
  // RST_STREAM must not be sent for an idle stream, and is of no use to a closed one: there the connection pays.
  if (payload.size() != 5) {
    if (stream != nullptr) return stream_error(*stream, ErrorCode::frame_size_error);
    return fail(ErrorCode::frame_size_error, "bad PRIORITY");
  }
  if ((load32(payload.data()) & kMaxStreamId) != header.stream) return;
  if (stream != nullptr) return stream_error(*stream, ErrorCode::protocol_error);
  // Of a closed stream it says nothing any more, and RFC 9113 calls it no error.
  if (idle(header.stream)) fail(ErrorCode::protocol_error, "a stream that depends on itself");
}

void Session::Impl::on_rst_stream(const FrameHeader& header, std::span<const std::byte> payload) {
  if (payload.size() != 4) return fail(ErrorCode::frame_size_error, "bad RST_STREAM");
  if (header.stream == 0 || idle(header.stream)) {
    return fail(ErrorCode::protocol_error, "RST_STREAM on an idle stream");
  }
  StreamRecord* stream = store.find(header.stream);
  if (stream == nullptr) {
    // The two sides may end a stream at the same time: the first is no fault.
    using How = ClosedStreams::How;
    const How how = closed.how(header.stream);
    const bool first = early_ends.forget(header.stream) ||
                       (closed.remembers(header.stream) && (how == How::ended || how == How::reset_by_us));
    if (!first) return glitch();
    return closed.set(header.stream, How::reset_by_peer);
  }
  ++counters.streams_reset_by_peer;
  const bool unanswered = server() && !stream->head_sent;
  closed.set(header.stream, ClosedStreams::How::reset_by_peer);
  drop(*stream, static_cast<ErrorCode>(load32(payload.data())), Initiator::peer);
  if (!dead && unanswered && !limits.unanswered_reset()) calm("too many requests were reset");
}

void Session::Impl::on_settings(const FrameHeader& header, std::span<const std::byte> payload) {
  if (header.stream != 0) return fail(ErrorCode::protocol_error, "SETTINGS on a stream");
  if (header.has(kAck)) {
    if (!payload.empty()) return fail(ErrorCode::frame_size_error, "SETTINGS acknowledgement with a payload");
    return on_settings_ack();
  }
  if (payload.size() % 6 != 0) return fail(ErrorCode::frame_size_error, "bad SETTINGS");
  if (payload.size() / 6 > options.max_settings_entries) return calm("too many SETTINGS entries");
  const bool first = !got_settings;
  if (!first) glitch();
  if (dead) return;
  const PeerSettings before = peer;
  if (const auto applied = peer.apply(payload, role); !applied) {
    return fail(applied.error().code, applied.error().reason);
  }
  if (peer.initial_window != before.initial_window) {
    bool overflow = false;
    store.for_each([&](StreamRecord& stream) {
      overflow = overflow || !stream.send.resize(before.initial_window, peer.initial_window);
      schedule(stream);
    });
    if (overflow) return fail(ErrorCode::flow_control_error, "INITIAL_WINDOW_SIZE overflows a window");
  }
  if (peer.header_table_size != before.header_table_size) encoder.set_peer_table_size(peer.header_table_size);
  got_settings = true;
  preface_deadline = TimePoint::max();
  append_settings_ack(output);
  written += kFrameHeaderSize;
  count_control();
  if (dead) return;
  events.on_settings(first);
  if (!dead && open_failed && can_open()) {
    open_failed = false;
    events.on_streams_available();
  }
}

void Session::Impl::on_settings_ack() {
  const std::uint32_t before = local.stream_window();
  if (!local.acknowledged()) return glitch();
  if (before != local.stream_window()) {
    store.for_each([&](StreamRecord& stream) {
      stream.receive.resize(local.stream_window());
      consume(stream, 0);  // what was owed may be half of a smaller window, and its reader waits
    });
  }
  decoder.set_table_size(local.table_size());
}

void Session::Impl::on_ping(const FrameHeader& header, std::span<const std::byte> payload) {
  if (header.stream != 0) return fail(ErrorCode::protocol_error, "PING on a stream");
  if (payload.size() != 8) return fail(ErrorCode::frame_size_error, "bad PING");
  const std::uint64_t tag = load64(payload.data());
  if (header.has(kAck)) {
    if (!pings.answered()) return glitch();
    return events.on_ping_ack(tag);
  }
  if (server() && !pings.received(now, store.size() != 0)) return calm("too_many_pings");
  if (!limits.reply(now)) return calm("too many PING frames");
  append_ping(output, tag, true);
  written += kFrameHeaderSize + 8;
  count_control();
}

void Session::Impl::on_goaway(const FrameHeader& header, std::span<const std::byte> payload) {
  if (header.stream != 0) return fail(ErrorCode::protocol_error, "GOAWAY on a stream");
  if (payload.size() < 8) return fail(ErrorCode::frame_size_error, "bad GOAWAY");
  if (goaway.was_received()) glitch();
  if (dead) return;
  const GoawayPayload said = parse_goaway(payload);
  if (!goaway.receive(said.last_stream)) return fail(ErrorCode::protocol_error, "GOAWAY raised its last stream");
  if (!server()) {
    store.for_each([&](StreamRecord& stream) {
      if (dead || stream.id() <= said.last_stream) return;
      closed.set(stream.id(), ClosedStreams::How::reset_by_peer);
      drop(stream, ErrorCode::refused_stream, Initiator::goaway);
    });
  }
  if (!dead) events.on_goaway(said.last_stream, said.code, said.debug);
}

void Session::Impl::on_window_update(const FrameHeader& header, std::span<const std::byte> payload) {
  if (payload.size() != 4) return fail(ErrorCode::frame_size_error, "bad WINDOW_UPDATE");
  const std::uint32_t increment = load32(payload.data()) & kMaxWindow;
  if (!limits.reply(now)) return calm("too many WINDOW_UPDATE frames");
  if (header.stream == 0) {
    if (increment == 0) return fail(ErrorCode::protocol_error, "WINDOW_UPDATE of 0");
    if (!send_window.add(increment)) fail(ErrorCode::flow_control_error, "the connection's window overflows");
    return;
  }
  StreamRecord* stream = store.find(header.stream);
  if (stream == nullptr) {
    if (idle(header.stream)) fail(ErrorCode::protocol_error, "WINDOW_UPDATE on an idle stream");
    return;
  }
  if (increment == 0) return stream_error(*stream, ErrorCode::protocol_error);
  if (!stream->send.add(increment)) return stream_error(*stream, ErrorCode::flow_control_error);
  schedule(*stream);
}

}  // namespace pintle::http2
