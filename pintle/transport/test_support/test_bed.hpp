// A Connection in a test's hands: the test is the peer, writes frames, and reads what was sent a line per frame. The
// loop is turned by hand and no time passes but the test's.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/async/internal/turned_loop.hpp>
#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>
#include <pintle/transport/connection.hpp>

namespace pintle::transport::test {

using Lines = std::vector<std::string>;

// What lies between the connection and the test; outlives both.
struct Line {
  std::string in, out;  // not yet read by the connection; written by it
  bool ended = false, broken = false;
  std::size_t room = SIZE_MAX;             // bytes that it may still write
  int writes = 0;                          // write() calls that moved bytes
  std::optional<Duration> unacknowledged;  // the limit that was asked for
  bool want_read = false, want_write = false, shut = false, destroyed = false;
  net::ByteStream::Observer* observer = nullptr;
};

class LineStream final : public net::ByteStream {
 public:
  LineStream(Line& line, Loop& loop) : line_(line), loop_(loop) {}
  ~LineStream() override {
    line_.destroyed = true;
    line_.observer = nullptr;
  }
  void set_observer(Observer& observer) override { line_.observer = &observer; }
  net::IoResult read(std::span<std::byte> into) override {
    if (line_.broken) return {net::IoState::error, 0};
    if (line_.in.empty()) return {line_.ended ? net::IoState::end : net::IoState::would_block, 0};
    const std::size_t n = std::min(into.size(), line_.in.size());
    std::memcpy(into.data(), line_.in.data(), n);
    line_.in.erase(0, n);
    return {net::IoState::ok, n};
  }
  net::IoResult write(std::span<const std::byte> from) override {
    if (line_.broken) return {net::IoState::error, 0};
    const std::size_t n = std::min(line_.room, from.size());
    if (n == 0) return {net::IoState::would_block, 0};
    line_.out.append(reinterpret_cast<const char*>(from.data()), n);
    line_.room -= n;
    ++line_.writes;
    return {net::IoState::ok, n};
  }
  void want_read() override { line_.want_read = true; }
  void want_write() override { line_.want_write = true; }
  void shutdown_write() override { line_.shut = true; }
  void limit_unacknowledged(Duration limit) override { line_.unacknowledged = limit; }
  std::string_view peer() const override { return "memory:test"; }
  std::string_view local() const override { return "memory:here"; }
  std::string error() const override { return line_.broken ? "connection reset by the test" : ""; }
  Loop& loop() override { return loop_; }

 private:
  Line& line_;
  Loop& loop_;
};

// One exchange and the user above it, who writes down what happens ("#2 reset CANCEL by the peer") and reacts as told.
struct Ear final : Receiver {
  Ear(int n, Lines& e) : number(n), events(e) {}
  void on_start() override {
    note("start");
    if (react) react(*this);
  }
  void on_head(const Headers& fields, bool end) override {
    std::string text = "head";
    for (const HeaderField& f : fields) text += " " + std::string(f.name) + "=" + std::string(f.value);
    note(text + (end ? " end" : ""));
  }
  void on_body() override { ++bodies; }
  void on_trailers(const Headers& fields) override {
    std::string text = "trailers";
    for (const HeaderField& f : fields) text += " " + std::string(f.name) + "=" + std::string(f.value);
    note(text);
  }
  void on_reset(ErrorCode code, Initiator by) override {
    note("reset " + std::string(http2::error_name(code)) +
         (by == Initiator::peer     ? " by the peer"
          : by == Initiator::goaway ? " by GOAWAY"
                                    : " by us"));
  }
  void on_writable() override {
    note("writable");
    if (writable) writable();
  }

  std::size_t on_shed() override {
    note("shed");
    return used;
  }

  void note(std::string_view what) { events.push_back("#" + std::to_string(number) + " " + std::string(what)); }
  std::string body() const {
    const auto b = exchange.body();
    return std::string(reinterpret_cast<const char*>(b.data()), b.size());
  }
  bool write(std::string_view text, bool end = false) {
    std::byte* at = exchange.write_body(text.size(), end);
    if (at != nullptr && !text.empty()) std::memcpy(at, text.data(), text.size());
    return at != nullptr;
  }

  int number, bodies = 0;
  std::size_t used = 0;  // what on_shed() says
  Lines& events;
  std::function<void(Ear&)> react;  // to on_start()
  std::function<void()> writable;
  Exchange exchange{*this};
};

// The connection, its owner and its acceptor. Requests get the ears #1, #2, ... in the order in which they come.
class TestBed final : ConnectionOwner, Acceptor {
 public:
  explicit TestBed(http2::Role role, const ConnectionOptions& options = {}, std::size_t read_buffer = 64 * 1024)
      : buffer(read_buffer),
        head(1, {{":status", "200"}}),
        trailers(2, {{"grpc-status", "0"}}),
        request(3, {{":method", "POST"}, {":scheme", "http"}, {":path", "/s/m"}}) {
    turned.loop.begin_turn();
    connection = std::make_unique<Connection>(role, std::make_unique<LineStream>(line, turned.loop), options, buffer,
                                              static_cast<ConnectionOwner&>(*this),
                                              role == http2::Role::server ? static_cast<Acceptor*>(this) : nullptr);
    turned.settle();
  }
  // Past the exchange of SETTINGS, with nothing in the books.
  TestBed& established(const std::vector<std::pair<http2::SettingId, std::uint32_t>>& settings = {}) {
    const Lines first = sent();
    const bool server = first.empty() || first.front() != "PREFACE";
    give((server ? testing::wire::preface() : "") + testing::wire::settings(settings) + testing::wire::settings_ack());
    sent();
    events.clear();
    line.writes = 0;
    return *this;
  }

  // The peer sends; the connection reads, and the loop turns until it is idle.
  void give(const std::string& bytes) {
    line.in += bytes;
    turn();
  }
  void turn() {
    while (line.observer != nullptr) {
      turned.loop.begin_turn();
      if (line.want_read && (!line.in.empty() || line.ended || line.broken)) {
        line.want_read = false;
        line.observer->on_readable();
      } else if (line.want_write && (line.room != 0 || line.broken)) {
        line.want_write = false;
        line.observer->on_writable();
      } else {
        break;
      }
      turned.settle();
    }
    turned.settle();
  }
  void end_input() {
    line.ended = true;
    turn();
  }
  void lose() {
    line.broken = true;
    turn();
  }
  void pass(Duration d) { turned.pass(d); }

  // The frames since the last call.
  Lines sent() {
    const std::string bytes = std::exchange(line.out, {});
    return trace.read(testing::wire::as_bytes(bytes));
  }
  Lines news() { return std::exchange(events, {}); }

  Ear& ear(std::size_t number) { return *ears.at(number - 1); }
  Ear& add() { return *ears.emplace_back(std::make_unique<Ear>(static_cast<int>(ears.size()) + 1, events)); }
  // Client: a request with its head sent.
  Ear& open(bool end = false) {
    Ear& e = add();
    connection->open(e.exchange, request, {}, end);
    return e;
  }
  // Server: a whole answer.
  void answer(Ear& e, std::string_view body = {}) {
    e.exchange.send_head(head, {}, false);
    if (!body.empty()) e.write(body);
    e.exchange.send_trailers(trailers, {});
    e.exchange.finish();
  }

  pintle::test::TurnedLoop turned;
  Line line;
  std::vector<std::byte> buffer;
  PreparedBlock head, trailers, request;
  Lines events;
  std::vector<std::unique_ptr<Ear>> ears;
  std::function<void(Ear&)> react;         // of new ears
  std::function<Exchange*()> next_accept;  // in place of a new ear
  testing::wire::Trace trace;
  std::unique_ptr<Connection> connection;  // null once it was closed

 private:
  Exchange& accept(Connection&, const Headers* fields) override {
    if (fields == nullptr) events.emplace_back("too large");
    if (next_accept) return *next_accept();
    Ear& e = add();
    e.react = react;
    return e.exchange;
  }
  void on_ready(Connection&) override { events.emplace_back("ready"); }
  void on_draining(Connection&) override { events.emplace_back("draining"); }
  void on_capacity(Connection&) override { events.emplace_back("capacity"); }
  void on_too_many_pings(Connection&) override { events.emplace_back("too many pings"); }
  void on_closed(Connection&, std::string_view reason) override {
    events.push_back("closed: " + std::string(reason));
    connection.reset();
  }
};

}  // namespace pintle::transport::test
