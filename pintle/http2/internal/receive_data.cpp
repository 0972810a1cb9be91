#include <algorithm>

#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {

using How = ClosedStreams::How;

void Session::Impl::data_begin(const FrameHeader& header, std::uint32_t padding) {
  ++counters.frames_received;
  if (header.stream == 0) return fail(ErrorCode::protocol_error, "DATA on stream 0");
  std::uint32_t around = 0;  // bytes of the frame that are not data
  if (header.has(kPadded)) {
    if (header.length == 0) return fail(ErrorCode::frame_size_error, "bad DATA");
    if (padding >= header.length) return fail(ErrorCode::protocol_error, "more padding than frame");
    around = padding + 1;
  }
  if (header.length != 0) {
    if (!receive_window.receive(header.length)) {
      return fail(ErrorCode::flow_control_error, "the connection's window is overrun");
    }
    if (const std::uint32_t increment = receive_window.credit(header.length); increment != 0) {
      append_window_update(output, 0, increment);
      written += kFrameHeaderSize + 4;
    }
  }
  data = {.id = header.stream,
          .payload_left = header.length - around,
          .padding_left = padding,
          .end_stream = header.has(kEndStream)};
  StreamRecord* stream = store.find(header.stream);
  if (stream == nullptr) return late_data(header);
  if (stream->peer_ended()) return stream_error(*stream, ErrorCode::stream_closed);
  if (!stream->head_received) return stream_error(*stream, ErrorCode::protocol_error);
  if (!stream->receive.receive(header.length)) return stream_error(*stream, ErrorCode::flow_control_error);
  if (stream->content_left >= 0) {
    stream->content_left -= data.payload_left;
    if (stream->content_left < 0 || (data.end_stream && stream->content_left != 0)) {
      return stream_error(*stream, ErrorCode::protocol_error);
    }
  }
  if (!limits.data_frame(data.payload_left, around, data.end_stream)) return calm("too many small DATA frames");
  data.stream = stream;
  if (around != 0) consume(*stream, around);
  if (data.payload_left == 0 && data.end_stream) deliver({});
}

const std::byte* Session::Impl::data_continue(const std::byte* p, const std::byte* end) {
  if (data.payload_left != 0) {
    const std::size_t n = std::min<std::size_t>(data.payload_left, static_cast<std::size_t>(end - p));
    data.payload_left -= static_cast<std::uint32_t>(n);
    deliver({p, n});
    p += n;
  }
  const std::size_t n = std::min<std::size_t>(data.padding_left, static_cast<std::size_t>(end - p));
  data.padding_left -= static_cast<std::uint32_t>(n);
  return p + n;
}

void Session::Impl::deliver(std::span<const std::byte> piece) {
  StreamRecord* stream = data.target();
  if (stream == nullptr) return;
  const bool last = data.end_stream && data.payload_left == 0;
  if (last) {
    stream->set_peer_ended();
    if (stream->closed()) finish(*stream);
  }
  events.on_data(*stream, piece, last);
}

void Session::Impl::late_data(const FrameHeader& header) {
  if (idle(header.stream)) return fail(ErrorCode::protocol_error, "DATA on an idle stream");
  switch (closed.how(header.stream)) {
    case How::ended:
      return fail(ErrorCode::stream_closed, "DATA after the end of the stream");
    case How::never_opened:
      return fail(ErrorCode::stream_closed, "DATA on a stream that was skipped");
    case How::reset_by_peer:
      write_rst(header.stream, ErrorCode::stream_closed);
      count_control();
      return provoked();
    case How::reset_by_us:
      if (header.has(kEndStream)) closed.set(header.stream, How::ended);
      if (!limits.late_frame(now)) calm("too many frames on closed streams");
      return;
  }
}

}  // namespace pintle::http2
