#include <algorithm>
#include <new>

#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {
namespace {

// Longer ones would save nothing and let one stream hold up the others.
constexpr std::uint32_t kMaxTurn = 16'384;

// A stream that writes on keeps so many times stream_queue_mark of its queue's memory; more was for one large message.
constexpr std::size_t kKeptMarks = 4;

}  // namespace

// `encode` appends one header block to `output`; it goes out as HEADERS and as many CONTINUATIONs as it takes.
template <class Encode>
void Session::Impl::write_block(StreamId id, std::uint8_t flags, Encode encode) {
  if (encoder_lost) [[unlikely]]
    throw std::bad_alloc();
  const std::size_t start = output.size();
  output.extend(kFrameHeaderSize);
  try {
    encode();
  } catch (...) {  // its table may hold what the peer never hears of
    encoder_lost = true;
    output.truncate(start);
    throw;
  }
  const std::size_t length = output.size() - start - kFrameHeaderSize;
  pings.sent_frames();
  if (length <= peer.max_frame_size) [[likely]] {
    store_frame_header(output.data() + start, {.length = static_cast<std::uint32_t>(length),
                                               .type = FrameType::headers,
                                               .flags = static_cast<std::uint8_t>(flags | kEndHeaders),
                                               .stream = id});
    written += kFrameHeaderSize + length;
    return;
  }
  Buffer encoded;
  encoded.append(output.bytes().subspan(start + kFrameHeaderSize));
  output.truncate(start);
  FrameType type = FrameType::headers;
  while (!encoded.empty()) {
    const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(encoded.size(), peer.max_frame_size));
    if (n == encoded.size()) flags |= kEndHeaders;
    store_frame_header(output.extend(kFrameHeaderSize), {.length = n, .type = type, .flags = flags, .stream = id});
    output.append(encoded.data(), n);
    encoded.consume(n);
    type = FrameType::continuation;
    flags = 0;
  }
  written += output.size() - start;
}

void Session::Impl::write_data_header(StreamRecord& stream, std::byte* at, std::size_t size, bool end_stream) {
  const auto length = static_cast<std::uint32_t>(size);
  store_frame_header(at, {.length = length,
                          .type = FrameType::data,
                          .flags = end_stream ? kEndStream : std::uint8_t{0},
                          .stream = stream.id()});
  written += kFrameHeaderSize + size;
  stream.send.take(length);
  send_window.take(length);
  limits.sent_data_frame();
  pings.sent_frames();
}

void Session::Impl::write_trailers(StreamRecord& stream) {
  const PendingTrailers& pending = *stream.trailers;
  std::vector<OutField> list;
  list.reserve(pending.storage.size());
  for (std::size_t i = 0; i < pending.storage.size(); ++i) {
    list.push_back({pending.storage[i].first, pending.storage[i].second, pending.indexing[i]});
  }
  write_block(stream.id(), kEndStream, [&] { encoder.encode(list, output); });
  stream.trailers.reset();
  local_end_sent(stream);
}

void Session::Impl::write_rst(StreamId id, ErrorCode code) {
  append_rst_stream(output, id, code);
  written += kRstStreamSize;
}

// END_STREAM is in output. A server that has said everything lets a peer that has not stop (RFC 9113 section 8.1).
void Session::Impl::local_end_sent(StreamRecord& stream) {
  stream.set_end_sent();
  if (!stream.closed()) [[unlikely]] {
    if (!server()) return;
    ask_to_stop(stream);
  }
  finish(stream);
}

void Session::Impl::schedule(StreamRecord& stream) {
  if (stream.has_output() || stream.writable_wanted) ready.push_back(stream);
}

void Session::Impl::schedule_writer(StreamRecord& stream) {
  stream.writable_wanted = true;
  if (pumping) {
    sweep = true;
  } else {
    ready.push_back(stream);
  }
}

void Session::Impl::pump() {
  if (dead || pumping) return flush_finished();
  pumping = true;
  while (StreamRecord* stream = ready.front()) {
    if (output.size() >= options.output_cap) break;
    const bool needs_window = !stream->queue.empty() || (stream->writable_wanted && !stream->end_wanted);
    if (needs_window && send_window.available() == 0) break;
    ready.remove(*stream);
    turn(*stream);
    if (dead) break;
  }
  pumping = false;
  if (sweep) {
    sweep = false;
    store.for_each([&](StreamRecord& stream) {
      if (stream.writable_wanted && stream.send.available() != 0) ready.push_back(stream);
    });
  }
  flush_finished();
}

// One frame of the stream's queue, or what comes after the queue.
void Session::Impl::turn(StreamRecord& stream) {
  if (!stream.queue.empty()) {
    const std::uint32_t allowed =
        std::min({stream.send.available(), send_window.available(), peer.max_frame_size, kMaxTurn});
    const auto n = std::min<std::size_t>(stream.queue.size(), allowed);
    if (n == 0) return;
    const bool last = n == stream.queue.size() && stream.end_wanted && stream.trailers == nullptr;
    std::byte* at = output.extend(kFrameHeaderSize + n);
    write_data_header(stream, at, n, last);
    std::memcpy(at + kFrameHeaderSize, stream.queue.data(), n);
    stream.queue.consume(n);
    stream.moved += static_cast<std::uint32_t>(n);
    store.queued -= n;
    if (stream.queue.empty()) store.shrink(stream, kKeptMarks * options.stream_queue_mark);
    if (last) return local_end_sent(stream);
  } else if (stream.end_wanted && stream.trailers == nullptr && !stream.end_sent()) {
    write_data_header(stream, output.extend(kFrameHeaderSize), 0, true);
    return local_end_sent(stream);
  }
  if (!stream.queue.empty()) {
    if (stream.send.available() != 0) ready.push_back(stream);
  } else if (stream.trailers != nullptr) {
    return write_trailers(stream);
  }
  if (stream.writable_wanted && !stream.end_wanted && stream.queue.size() < options.stream_queue_mark / 2) {
    stream.writable_wanted = stream.output_filled = false;
    events.on_writable(stream);
  }
}

// `size` bytes were put into the stream's queue, whose memory was `before`.
void Session::Impl::queued(StreamRecord& stream, std::size_t before, std::size_t size, bool end_stream) {
  store.queue_memory += stream.queue.capacity() - before;
  store.queued += size;
  if (dead || stream.closed()) return;
  if (end_stream) stream.end_wanted = true;
  if (stream.queue.size() >= options.stream_queue_mark) stream.writable_wanted = true;
  schedule(stream);
}

void Session::Impl::count_control() {
  if (!control.add(written, written - output.size())) calm("control frames are not read");
}

void Session::Impl::consume(StreamRecord& stream, std::size_t size) {
  if (dead || stream.peer_ended()) return;
  if (const std::uint32_t increment = stream.receive.credit(static_cast<std::uint32_t>(size)); increment != 0) {
    const std::uint32_t more = stream.receive.grow(now, options.window_growth, options.max_stream_window);
    append_window_update(output, stream.id(), increment + more);
    written += kFrameHeaderSize + 4;
  }
}

// -- The public side ------------------------------------------------------------------------------------------------

Stream* Session::open(const PreparedBlock& head, std::span<const OutField> more, bool end_stream, void* context) {
  Impl& s = *impl_;
  if (!s.can_open()) {
    s.open_failed = s.may_open_again();
    return nullptr;
  }
  const StreamId id = s.closed.highest() == 0 ? s.options.first_stream_id : s.closed.highest() + 2;
  s.closed.opened(id);
  s.limits.request(s.now);
  ++s.counters.streams_opened;
  StreamRecord& stream = s.store.open(id, s.peer.initial_window, s.local.stream_window());
  stream.context = context;
  stream.head_sent = true;
  s.write_block(id, end_stream ? kEndStream : std::uint8_t{0}, [&] { s.encoder.encode(head, more, s.output); });
  if (end_stream) {
    stream.end_wanted = true;
    stream.set_end_sent();
  }
  return &stream;
}

bool Session::can_open() const { return impl_->can_open(); }

void Session::send_head(Stream& stream, const PreparedBlock& head, std::span<const OutField> more, bool end_stream) {
  Impl& s = *impl_;
  StreamRecord& record = Impl::record(stream);
  if (s.dead || record.closed()) return;
  s.write_block(record.id(), end_stream ? kEndStream : std::uint8_t{0},
                [&] { s.encoder.encode(head, more, s.output); });
  record.head_sent = true;
  if (end_stream) {
    record.end_wanted = true;
    s.local_end_sent(record);
  }
}

void Session::send_trailers(Stream& stream, const PreparedBlock& block, std::span<const OutField> more) {
  Impl& s = *impl_;
  StreamRecord& record = Impl::record(stream);
  if (s.dead || record.closed() || record.end_wanted) return;
  record.end_wanted = true;
  if (record.queue.empty()) [[likely]] {
    s.write_block(record.id(), kEndStream, [&] { s.encoder.encode(block, more, s.output); });
    return s.local_end_sent(record);
  }
  auto pending = std::make_unique<PendingTrailers>();
  for (const std::span<const OutField> part : {block.fields(), more}) {
    for (const OutField& field : part) {
      pending->storage.emplace_back(field.name, field.value);
      pending->indexing.push_back(field.indexing);
    }
  }
  record.trailers = std::move(pending);
}

// Of every message: link-time optimisation puts it where it is called.
[[clang::always_inline]] std::byte* Session::write_data(Stream& stream, std::size_t size, bool end_stream) {
  Impl& s = *impl_;
  StreamRecord& record = Impl::record(stream);
  if (s.dead || record.closed() || record.end_wanted) return nullptr;
  if (record.has_output() || size > record.send.available()) {
    record.writable_wanted = true;
    return nullptr;
  }
  if (size > s.peer.max_frame_size) return nullptr;
  // Streams that wait for their turn come first.
  if (size > s.send_window.available() || s.output.size() >= s.options.output_cap || s.ready.front() != nullptr) {
    s.schedule_writer(record);
    return nullptr;
  }
  s.output.prepare(kFrameHeaderSize + size + kRstStreamSize);  // so that RST_STREAM after the end moves nothing
  std::byte* at = s.output.extend(kFrameHeaderSize + size);
  s.write_data_header(record, at, size, end_stream);
  if (end_stream) {
    record.end_wanted = true;
    s.local_end_sent(record);
  }
  return at + kFrameHeaderSize;
}

std::span<std::byte> Session::write_piece(Stream& stream, std::size_t left, bool end_stream) {
  Impl& s = *impl_;
  StreamRecord& record = Impl::record(stream);
  const bool begun = std::exchange(s.in_pieces, 0) == record.id();
  if (s.dead || record.closed() || record.end_wanted) return {};
  if (record.has_output() || record.send.available() == 0) {
    record.writable_wanted = true;
    return {};
  }
  const bool full = s.output.size() >= s.options.output_cap;
  if ((full && !begun) || s.send_window.available() == 0 || s.ready.front() != nullptr) {
    s.schedule_writer(record);
    return {};
  }
  const std::uint32_t allowed =
      std::min({record.send.available(), s.send_window.available(), s.peer.max_frame_size, kMaxTurn});
  const auto n = std::min<std::size_t>(left, allowed);
  const bool last = n == left;
  if (!begun) s.output.prepare(left + (left / n + 1) * kFrameHeaderSize + kRstStreamSize);  // nothing moves on the way
  std::byte* const at = s.output.extend(kFrameHeaderSize + n);
  s.write_data_header(record, at, n, last && end_stream);
  if (!last) {
    s.in_pieces = record.id();
  } else if (end_stream) {
    record.end_wanted = true;
    s.local_end_sent(record);
  } else if (s.output.size() >= s.options.output_cap) {
    record.output_filled = true;
    s.schedule_writer(record);
  }
  return {at + kFrameHeaderSize, n};
}

bool Session::writable(const Stream& stream) const {
  const StreamRecord& record = Impl::record(stream);
  return !record.output_filled && record.queue.size() <= impl_->options.stream_queue_mark;
}

void Session::queue_data(Stream& stream, std::span<const std::byte> data, bool end_stream) {
  std::byte* at = extend_queue(stream, data.size(), end_stream);
  if (!data.empty()) std::memcpy(at, data.data(), data.size());
}

void Session::queue_buffer(Stream& stream, Buffer&& data, bool end_stream) {
  StreamRecord& record = Impl::record(stream);
  if (!record.queue.empty()) return queue_data(stream, data.bytes(), end_stream);
  const std::size_t before = record.queue.capacity(), size = data.size();
  record.queue = std::move(data);
  impl_->queued(record, before, size, end_stream);
}

std::byte* Session::extend_queue(Stream& stream, std::size_t size, bool end_stream) {
  StreamRecord& record = Impl::record(stream);
  const std::size_t before = record.queue.capacity();
  std::byte* at = record.queue.extend(size);
  impl_->queued(record, before, size, end_stream);
  return at;
}

std::size_t Session::queued(const Stream& stream) const { return Impl::record(stream).queue.size(); }

std::size_t Session::queued() const { return impl_->store.queued; }

std::uint32_t Session::moved(const Stream& stream) const { return Impl::record(stream).moved; }

std::size_t Session::memory() const {
  return impl_->store.queue_memory + impl_->partial.capacity() + impl_->block.bytes.capacity();
}

void Session::trim() {
  impl_->store.trim();
  if (!impl_->block.open()) impl_->block.bytes.shrink(0);
  impl_->partial.shrink(0);
}

void Session::consume(Stream& stream, std::size_t size) { impl_->consume(Impl::record(stream), size); }

void Session::pump() { impl_->pump(); }

}  // namespace pintle::http2
