#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {

void Session::Impl::stream_error(StreamRecord& stream, ErrorCode code) {
  write_rst(stream.id(), code);
  ended_early(stream);
  ++counters.streams_reset_by_us;
  drop(stream, code, Initiator::library);
  if (dead) return;
  count_control();
  provoked();
}

void Session::Impl::drop(StreamRecord& stream, ErrorCode code, Initiator by) {
  ready.remove(stream);
  store.retire(stream);
  stream.state = StreamState::closed;
  events.on_reset(stream, code, by);
  events.on_closed(stream);
  store.release(stream);
}

void Session::Impl::finish(StreamRecord& stream) {
  ready.remove(stream);
  store.retire(stream);
  stream.state = StreamState::closed;
  stream.link = nullptr;
  (finished_last != nullptr ? finished_last->link : finished_first) = &stream;
  finished_last = &stream;
}

void Session::Impl::flush_finished_slowly() {
  while (finished_first != nullptr) {
    StreamRecord& stream = *finished_first;
    finished_first = stream.link;
    if (finished_first == nullptr) finished_last = nullptr;
    events.on_closed(stream);
    store.release(stream);
  }
  if (open_failed && can_open()) {
    open_failed = false;
    events.on_streams_available();
  }
}

void Session::Impl::close_now(StreamRecord& stream) {
  ready.remove(stream);
  store.retire(stream);
  stream.state = StreamState::closed;
  events.on_closed(stream);
  store.release(stream);
}

void Session::Impl::ask_to_stop(const StreamRecord& stream) {
  write_rst(stream.id(), ErrorCode::no_error);
  ended_early(stream);
}

void Session::Impl::ended_early(StreamId id, std::uint32_t window) {
  closed.set(id, ClosedStreams::How::reset_by_us);
  limits.ended_early();
  early_ends.add(id, window);
}

void Session::Impl::provoked() {
  if (!limits.provoked_reset(now, counters.streams_opened)) calm("too many stream errors");
}

void Session::Impl::glitch() {
  if (!limits.glitch(now)) calm("too many useless frames");
}

void Session::Impl::hint() {
  if (!limits.hint(now, counters.streams_opened)) calm("too many useless frames");
}

void Session::Impl::fail(ErrorCode code, std::string_view reason, Initiator by) {
  if (dead) return;
  dead = true;
  append_goaway(output, goaway.send(server() ? closed.highest() : 0), code, reason);
  drop_all(code, by);
  events.on_connection_error(code, by, reason);
}

void Session::Impl::drop_all(ErrorCode code, Initiator by) {
  open_failed = false;
  flush_finished();
  store.for_each([&](StreamRecord& stream) { drop(stream, code, by); });
  preface_deadline = frame_deadline = TimePoint::max();
}

// -- The public side ------------------------------------------------------------------------------------------------

void Session::reset(Stream& stream, ErrorCode code) {
  Impl& s = *impl_;
  StreamRecord& record = Impl::record(stream);
  if (s.dead || record.closed()) return;
  s.write_rst(record.id(), code);
  s.ended_early(record);
  ++s.counters.streams_reset_by_us;
  s.close_now(record);
}

void Session::on_transport_closed() {
  if (impl_->dead) return;
  impl_->dead = true;
  impl_->drop_all(ErrorCode::no_error, Initiator::library);
}

void Session::on_input_ended() {
  Impl& s = *impl_;
  if (s.dead) return;
  s.store.for_each([&](StreamRecord& stream) {
    if (!stream.peer_ended()) s.drop(stream, ErrorCode::no_error, Initiator::library);
  });
}

void Session::terminate(ErrorCode code, std::string_view reason) { impl_->fail(code, reason, Initiator::user); }

void Session::notice(std::string_view debug) {
  Impl& s = *impl_;
  if (s.dead) return;
  const std::size_t before = s.output.size();
  append_goaway(s.output, s.goaway.send(kMaxStreamId), ErrorCode::no_error, debug);
  s.written += s.output.size() - before;
}

void Session::close_gracefully(ErrorCode code, std::string_view debug) {
  Impl& s = *impl_;
  if (s.dead) return;
  const std::size_t before = s.output.size();
  append_goaway(s.output, s.goaway.send(s.server() ? s.closed.highest() : 0), code, debug);
  s.written += s.output.size() - before;
}

}  // namespace pintle::http2
