#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "connection.hpp"

namespace pintle::bench {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kInput = 512 * 1024;
constexpr std::size_t kOutputCap = 512 * 1024;
constexpr std::uint32_t kWindow = 1 << 24;
constexpr std::uint32_t kFrameLimit = 256 * 1024;  // what we accept
constexpr std::size_t kLargestSent = 128 * 1024;

enum Setting : std::uint16_t { header_table_size = 1, enable_push = 2, max_streams = 3, window = 4, max_frame = 5 };

void put_setting(std::vector<char>& out, std::uint16_t id, std::uint32_t value) {
  out.push_back(static_cast<char>(id >> 8));
  out.push_back(static_cast<char>(id));
  put_u32(out, value);
}

void put_window_update(std::vector<char>& out, std::uint32_t stream, std::uint32_t credit) {
  put_head(out, 4, FrameType::window_update, 0, stream);
  put_u32(out, credit);
}

}  // namespace

Connection::Connection(int fd, SSL_CTX* tls, std::size_t streams, const CallPlan& plan, std::string_view authority,
                       Tally& tally, Budget& budget)
    : wire_(fd, tls, true),
      plan_(plan),
      tally_(tally),
      budget_(budget),
      request_headers_(plan.path, authority, plan.metadata),
      slots_(streams),
      map_(streams),
      in_(new std::uint8_t[kInput]),
      allowed_(streams) {
  put_bytes(out_, kPreface);
  put_head(out_, 18, FrameType::settings, 0, 0);
  put_setting(out_, enable_push, 0);
  put_setting(out_, window, kWindow);
  put_setting(out_, max_frame, kFrameLimit);
  put_window_update(out_, 0, kWindow - 65535);
  flush();
}

void Connection::on_readable(std::uint64_t now) {
  now_ = now;
  do {
    const ssize_t got = wire_.read(in_.get() + have_, kInput - have_);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got <= 0) return fail(got == 0 ? "the server closed the connection" : wire_.error());
    have_ += static_cast<std::size_t>(got);
    parse();
  } while (wire_.pending() && !broken_);
  push();
}

void Connection::on_writable(std::uint64_t now) {
  now_ = now;
  push();
}

void Connection::leave() {
  leaving_ = true;
  wire_.end();
}

void Connection::parse() {
  std::size_t at = 0;
  while (!broken_) {
    if (data_left_ != 0) {
      const std::size_t size = std::min<std::size_t>(data_left_, have_ - at);
      if (size == 0) break;
      on_data(in_.get() + at, size);
      at += size;
      if (data_left_ == 0) on_data_end();
      continue;
    }
    if (have_ - at < kFrameHeaderBytes) break;
    const FrameHead head = read_head(in_.get() + at);
    const std::size_t padding_byte = head.flags & kPadded ? 1 : 0;
    if (head.type == FrameType::data) {
      if (head.size < padding_byte) return fail("a DATA frame without its padding length");
      if (have_ - at < kFrameHeaderBytes + padding_byte) break;
      data_padding_ = padding_byte != 0 ? in_[at + kFrameHeaderBytes] : 0;
      on_data_begin(head);
      data_left_ = head.size - static_cast<std::uint32_t>(padding_byte);
      at += kFrameHeaderBytes + padding_byte;
      if (data_left_ == 0) on_data_end();
      continue;
    }
    if (head.size > kFrameLimit) return fail("a frame larger than SETTINGS_MAX_FRAME_SIZE");
    if (have_ - at < kFrameHeaderBytes + head.size) break;
    if (!on_frame(head, in_.get() + at + kFrameHeaderBytes)) return fail("a malformed frame");
    at += kFrameHeaderBytes + head.size;
  }
  have_ -= std::min(at, have_);
  if (have_ != 0 && at != 0) std::memmove(in_.get(), in_.get() + at, have_);
}

bool Connection::on_frame(const FrameHead& head, const std::uint8_t* payload) {
  switch (head.type) {
    case FrameType::headers:
      return on_headers(head, payload, head.size);
    case FrameType::continuation:
      if (block_stream_ == 0 || head.stream != block_stream_) return false;
      block_.insert(block_.end(), payload, payload + head.size);
      if (!(head.flags & kEndHeaders)) return true;
      return on_block(std::exchange(block_stream_, 0), block_ends_stream_, block_.data(), block_.size());
    case FrameType::settings:
      if (head.flags & kAck) return true;
      return on_settings(payload, head.size);
    case FrameType::ping:
      if (head.size != 8) return false;
      if (head.flags & kAck) return true;
      put_head(out_, 8, FrameType::ping, kAck, 0);
      put_bytes(out_, {reinterpret_cast<const char*>(payload), 8});
      return true;
    case FrameType::window_update:
      if (head.size != 4) return false;
      on_window_update(head.stream, read_u32(payload) & 0x7fffffff);
      return true;
    case FrameType::rst_stream: {
      if (head.size != 4) return false;
      const std::uint32_t slot = map_.find(head.stream);
      if (slot != StreamMap::kNone) end(slot, "RST_STREAM with code " + std::to_string(read_u32(payload)));
      return true;
    }
    case FrameType::goaway:
      if (head.size < 8) return false;
      on_goaway(read_u32(payload) & 0x7fffffff);
      return true;
    default:
      return head.type != FrameType::push_promise;
  }
}

void Connection::on_data_begin(const FrameHead& head) {
  data_head_ = head;
  uncredited_ += head.size;
  if (uncredited_ >= kWindow / 2) put_window_update(out_, 0, std::exchange(uncredited_, 0));
  const std::uint32_t slot = map_.find(head.stream);
  if (slot == StreamMap::kNone) return;
  std::uint32_t& uncredited = slots_[slot].uncredited;
  uncredited += head.size;
  if (uncredited >= kWindow / 2) put_window_update(out_, head.stream, std::exchange(uncredited, 0));
}

void Connection::on_data(const std::uint8_t* bytes, std::size_t size) {
  const std::size_t message_bytes =
      data_left_ > data_padding_ ? std::min<std::size_t>(size, data_left_ - data_padding_) : 0;
  data_left_ -= static_cast<std::uint32_t>(size);
  const std::uint32_t at = map_.find(data_head_.stream);
  if (at == StreamMap::kNone) return;
  Slot& slot = slots_[at];
  std::size_t done = 0;
  while (done < message_bytes) {
    const std::size_t within = slot.received % plan_.reply.size();
    const std::size_t part = std::min(message_bytes - done, plan_.reply.size() - within);
    if (std::memcmp(plan_.reply.data() + within, bytes + done, part) != 0) slot.wrong = true;
    slot.received += part;
    done += part;
  }
}

void Connection::on_data_end() {
  if (!(data_head_.flags & kEndStream)) return;
  const std::uint32_t slot = map_.find(data_head_.stream);
  if (slot != StreamMap::kNone) end(slot, "the answer ended without trailers");
}

bool Connection::on_headers(const FrameHead& head, const std::uint8_t* payload, std::size_t size) {
  if (head.flags & kPadded) {
    if (size < 1U + payload[0]) return false;
    size -= 1U + payload[0];
    ++payload;
  }
  if (head.flags & kPriority) {
    if (size < 5) return false;
    payload += 5;
    size -= 5;
  }
  const bool end_stream = head.flags & kEndStream;
  if (head.flags & kEndHeaders) return on_block(head.stream, end_stream, payload, size);
  block_stream_ = head.stream;
  block_ends_stream_ = end_stream;
  block_.assign(payload, payload + size);
  return true;
}

bool Connection::on_block(std::uint32_t stream, bool end_stream, const std::uint8_t* block, std::size_t size) {
  const std::uint32_t at = map_.find(stream);
  ResponseFacts nobody;
  ResponseFacts& facts = at == StreamMap::kNone ? nobody : slots_[at].facts;
  if (!header_reader_.read({block, size}, facts)) return false;
  if (at == StreamMap::kNone || !end_stream) return true;
  const Slot& slot = slots_[at];
  if (facts.http_status != 200) {
    end(at, "HTTP status " + std::to_string(facts.http_status));
  } else if (facts.grpc_status != plan_.status) {
    end(at, "grpc-status " + std::to_string(facts.grpc_status));
  } else if (slot.wrong || slot.received != plan_.reply_bytes()) {
    end(at, "the answer is not the one expected");
  } else {
    end(at, {});
  }
  return true;
}

bool Connection::on_settings(const std::uint8_t* payload, std::size_t size) {
  if (size % 6 != 0) return false;
  for (std::size_t at = 0; at < size; at += 6) {
    const std::uint32_t value = read_u32(payload + at + 2);
    switch ((payload[at] << 8) | payload[at + 1]) {
      case header_table_size:
        request_headers_.server_table(value);
        break;
      case max_streams:
        allowed_ = std::min<std::size_t>(value, slots_.size());
        break;
      case window:
        for (Slot& slot : slots_) slot.send_window += std::int64_t{value} - first_window_;
        first_window_ = value;
        break;
      case max_frame:
        frame_limit_ = std::min<std::size_t>(value, kLargestSent);
        break;
      default:
        break;
    }
  }
  put_head(out_, 0, FrameType::settings, kAck, 0);
  started_ = true;
  begin_idle();
  pump_all();
  return true;
}

void Connection::on_window_update(std::uint32_t stream, std::uint32_t credit) {
  if (stream == 0) {
    send_window_ += credit;
    return pump_all();
  }
  const std::uint32_t slot = map_.find(stream);
  if (slot == StreamMap::kNone) return;
  slots_[slot].send_window += credit;
  pump(slots_[slot]);
}

void Connection::on_goaway(std::uint32_t last_stream) {
  leaving_ = true;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].id > last_stream) end(i, "GOAWAY");
  }
  if (open_ == 0) fail("GOAWAY");
}

void Connection::begin_idle() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].id == 0) begin(i);
  }
}

void Connection::begin(std::uint32_t at) {
  if (leaving_ || open_ >= allowed_ || next_id_ > 0x7fffffff || !budget_.take()) return;
  Slot& slot = slots_[at];
  slot = Slot();
  slot.id = next_id_;
  slot.began = now_;
  slot.send_window = first_window_;
  next_id_ += 2;
  ++open_;
  map_.insert(slot.id, at);
  const std::string_view block = request_headers_.next();
  put_head(out_, block.size(), FrameType::headers, kEndHeaders, slot.id);
  put_bytes(out_, block);
  pump(slot);
}

void Connection::pump(Slot& slot) {
  const std::size_t total = plan_.request_bytes();
  while (slot.id != 0 && slot.sent < total) {
    const std::int64_t window_left = std::min(send_window_, slot.send_window);
    if (window_left <= 0 || out_.size() - out_sent_ >= kOutputCap) {
      starved_ = true;
      return;
    }
    const std::size_t size = std::min({total - slot.sent, frame_limit_, static_cast<std::size_t>(window_left)});
    const bool last = slot.sent + size == total;
    put_head(out_, size, FrameType::data, last ? kEndStream : 0, slot.id);
    for (std::size_t left = size; left != 0;) {
      const std::size_t within = slot.sent % plan_.request.size();
      const std::size_t part = std::min(left, plan_.request.size() - within);
      put_bytes(out_, {plan_.request.data() + within, part});
      slot.sent += part;
      left -= part;
    }
    slot.send_window -= static_cast<std::int64_t>(size);
    send_window_ -= static_cast<std::int64_t>(size);
  }
}

void Connection::pump_all() {
  if (!std::exchange(starved_, false)) return;
  for (Slot& slot : slots_) pump(slot);
}

void Connection::end(std::uint32_t at, std::string_view why) {
  Slot& slot = slots_[at];
  map_.erase(slot.id);
  slot.id = 0;
  --open_;
  if (why.empty()) {
    tally_.succeeded(now_ - slot.began);
  } else {
    tally_.failed(std::string(why));
  }
  begin(at);
}

void Connection::push() {
  flush();
  while (starved_ && out_.empty() && !broken_) {
    pump_all();
    if (out_.empty()) return;  // the windows are closed
    flush();
  }
}

void Connection::flush() {
  while (out_sent_ < out_.size()) {
    const ssize_t put = wire_.write(out_.data() + out_sent_, out_.size() - out_sent_);
    if (put <= 0) {
      if (put < 0 && errno == EAGAIN) return;
      return fail(put == 0 ? "the server closed the connection" : wire_.error());
    }
    out_sent_ += static_cast<std::size_t>(put);
  }
  out_.clear();
  out_sent_ = 0;
}

void Connection::fail(std::string why) {
  if (broken_) return;
  broken_ = true;
  leaving_ = true;
  out_.clear();
  out_sent_ = 0;
  if (open_ == 0) tally_.failed(why);
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].id != 0) end(i, why);
  }
}

}  // namespace pintle::bench
