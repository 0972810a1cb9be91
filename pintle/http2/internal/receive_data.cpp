#include <algorithm>

#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {

using How = ClosedStreams::How;

void Session::Impl::whole_data(const FrameHeader& header, std::span<const std::byte> payload) {
  ++counters.frames_received;
  StreamRecord* const stream = take_data(header, 0);
  if (stream == nullptr) return;
  const bool last = header.has(kEndStream);
  if (last || !payload.empty()) deliver(*stream, payload, last);
}

void Session::Impl::data_begin(const FrameHeader& header, std::uint32_t padding) {
  ++counters.frames_received;
  std::uint32_t around = 0;
  if (header.has(kPadded)) {
    if (header.stream == 0) return fail(ErrorCode::protocol_error, "DATA on stream 0");
    if (header.length == 0) return fail(ErrorCode::frame_size_error, "bad DATA");
    if (padding >= header.length) return fail(ErrorCode::protocol_error, "more padding than frame");
    around = padding + 1;
  }
  data = {.id = header.stream,
          .payload_left = header.length - around,
          .padding_left = padding,
          .end_stream = header.has(kEndStream)};
  data.stream = take_data(header, around);
  if (data.stream == nullptr) return;
  if (around != 0) consume(*data.stream, around);
  if (data.payload_left == 0 && data.end_stream) deliver(*data.stream, {}, true);
}

inline StreamRecord* Session::Impl::take_data(const FrameHeader& header, std::uint32_t around) {
  const auto refuse = [&](ErrorCode code, std::string_view reason) -> StreamRecord* {
    fail(code, reason);
    return nullptr;
  };
  if (header.stream == 0) return refuse(ErrorCode::protocol_error, "DATA on stream 0");
  if (header.length != 0) {
    if (!receive_window.receive(header.length))
      return refuse(ErrorCode::flow_control_error, "the connection's window is overrun");
    if (const std::uint32_t increment = receive_window.credit(header.length); increment != 0) {
      append_window_update(output, 0, increment);
      written += kFrameHeaderSize + 4;
    }
  }
  StreamRecord* const stream = store.find(header.stream);
  if (stream == nullptr) {
    late_data(header, around);
    return nullptr;
  }
  const auto reset = [&](ErrorCode code) -> StreamRecord* {
    stream_error(*stream, code);
    return nullptr;
  };
  const std::uint32_t payload = header.length - around;
  if (stream->peer_ended()) return reset(ErrorCode::stream_closed);
  if (!stream->head_received) return reset(ErrorCode::protocol_error);
  if (!stream->receive.receive(header.length)) return reset(ErrorCode::flow_control_error);
  if (stream->content_left >= 0) {
    stream->content_left -= payload;
    if (stream->content_left < 0 || (header.has(kEndStream) && stream->content_left != 0))
      return reset(ErrorCode::protocol_error);
  }
  if (!limits.data_frame(payload, header.has(kEndStream))) {
    calm("too many small DATA frames");
    return nullptr;
  }
  return stream;
}

const std::byte* Session::Impl::data_continue(const std::byte* p, const std::byte* end) {
  if (data.payload_left != 0) {
    const std::size_t n = std::min<std::size_t>(data.payload_left, static_cast<std::size_t>(end - p));
    data.payload_left -= static_cast<std::uint32_t>(n);
    if (StreamRecord* stream = data.target()) deliver(*stream, {p, n}, data.end_stream && data.payload_left == 0);
    p += n;
  }
  const std::size_t n = std::min<std::size_t>(data.padding_left, static_cast<std::size_t>(end - p));
  data.padding_left -= static_cast<std::uint32_t>(n);
  return p + n;
}

inline void Session::Impl::deliver(StreamRecord& stream, std::span<const std::byte> piece, bool last) {
  if (last) {
    stream.set_peer_ended();
    if (stream.closed()) finish(stream);
  }
  events.on_data(stream, piece, last);
}

void Session::Impl::late_data(const FrameHeader& header, std::uint32_t around) {
  if (idle(header.stream)) return fail(ErrorCode::protocol_error, "DATA on an idle stream");
  const bool last = header.has(kEndStream);
  std::uint32_t* const left = early_ends.find(header.stream);
  const bool by_rights = left != nullptr && header.length <= *left;
  if (by_rights) *left -= header.length;
  if (left != nullptr && last) early_ends.forget(header.stream);
  if (by_rights) {
    if (last) closed.set(header.stream, How::ended);
    if (!limits.late_data_frame(header.length - around, last)) calm("too many small DATA frames");
    return;
  }
  switch (left != nullptr ? How::reset_by_us : closed.how(header.stream)) {
    case How::ended:
      return fail(ErrorCode::stream_closed, "DATA after the end of the stream");
    case How::never_opened:
      return fail(ErrorCode::stream_closed, "DATA on a stream that was skipped");
    case How::reset_by_peer:
      return answer_after_reset(header.stream);
    case How::reset_by_us:
      if (last) closed.set(header.stream, How::ended);
      if (!limits.late_frame(now)) calm("too many frames on closed streams");
      return;
  }
}

}  // namespace pintle::http2
