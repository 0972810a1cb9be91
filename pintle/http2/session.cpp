#include <pintle/http2/session.hpp>

#include <algorithm>

#include <pintle/http2/internal/session_impl.hpp>

namespace pintle::http2 {

Session::Impl::Impl(Role own_role, const Options& given, Events& above, TimePoint start)
    : role(own_role),
      options(given),
      events(above),
      now(start),
      local(options),
      decoder(local.table_size()),
      receive_window(std::max(options.connection_window, kDefaultWindow)),
      limits(options, start),
      control(options.max_control_frames_queued),
      unread(options.output_cap),
      pings(options),
      preface_left(own_role == Role::server ? kClientPreface.size() : 0),
      preface_deadline(start + options.preface_timeout) {
  if (!server()) output.append(kClientPreface);
  local.announce(role, output, now);
  if (options.connection_window > kDefaultWindow) {
    append_window_update(output, 0, options.connection_window - kDefaultWindow);
  }
  written = output.size();
}

Session::Session(Role role, const Options& options, Events& events, TimePoint now)
    : impl_(std::make_unique<Impl>(role, options, events, now)) {}

Session::~Session() = default;

void Session::feed(std::span<const std::byte> bytes, TimePoint now) {
  impl_->now = now;
  impl_->feed(bytes.data(), bytes.data() + bytes.size());
}

Buffer& Session::output() { return impl_->output; }
const Buffer& Session::output() const { return impl_->output; }

std::optional<TimePoint> Session::next_timer() const {
  if (impl_->dead) return std::nullopt;
  const TimePoint at = std::min({impl_->preface_deadline, impl_->local.ack_deadline(), impl_->frame_deadline});
  return at == TimePoint::max() ? std::nullopt : std::optional(at);
}

void Session::on_timer(TimePoint now) {
  Impl& s = *impl_;
  s.now = now;
  if (s.dead) return;
  if (now >= s.preface_deadline) return s.fail(ErrorCode::settings_timeout, "the peer's preface is late");
  if (now >= s.local.ack_deadline()) return s.fail(ErrorCode::settings_timeout, "SETTINGS were not acknowledged");
  if (now >= s.frame_deadline) return s.calm("a frame or header block is too slow");
}

bool Session::peer_ended(const Stream& stream) const { return Impl::record(stream).peer_ended(); }

bool Session::we_ended(const Stream& stream) const {
  const StreamRecord& record = Impl::record(stream);
  return record.end_wanted || record.closed();
}

bool Session::end_sent(const Stream& stream) const { return Impl::record(stream).end_sent(); }

std::size_t Session::active_streams() const { return impl_->store.size(); }

void Session::ping(std::uint64_t tag) {
  Impl& s = *impl_;
  if (s.dead) return;
  append_ping(s.output, tag, false);
  s.written += kFrameHeaderSize + 8;
  s.pings.sent();
}

bool Session::dead() const { return impl_->dead; }

bool Session::exhausted() const { return impl_->closed.highest() >= kMaxStreamId - 1; }

bool Session::draining() const { return impl_->goaway.was_sent() || impl_->goaway.was_received(); }

const Counters& Session::counters() const {
  impl_->counters.glitches = impl_->limits.glitches();
  return impl_->counters;
}

std::uint32_t Session::peer_max_concurrent_streams() const { return impl_->peer.max_concurrent_streams; }

std::uint32_t Session::peer_max_header_list() const { return impl_->peer.max_header_list; }

}  // namespace pintle::http2
