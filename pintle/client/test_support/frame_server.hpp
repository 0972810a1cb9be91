// A channel on a loop that the test turns, and servers for it that are strings of frames.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/client/channel.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>
#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>

namespace pintle::client::test {

namespace wire = pintle::testing::wire;
using Lines = std::vector<std::string>;

inline std::string message(const std::string& text) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(text.size() >> shift & 0xff));
  return out + text;
}

// The server's end of one connection.
class Peer {
 public:
  // The client's end lives on `client`, one of the loops.
  Peer(pintle::testing::TestLoop& loop, Loop& client)
      : loop_(loop), pair_(client, loop.loop()), stream_(pair_.take_b()) {}

  std::unique_ptr<net::ByteStream> client_end() { return pair_.take_a(); }

  // Writes and lets the client work. What it sent is in the next calls().
  void send(const std::string& bytes) {
    std::span<const std::byte> rest = wire::as_bytes(bytes);
    while (!rest.empty()) {
      const net::IoResult sent = stream_->write(rest);
      if (sent.state != net::IoState::ok) break;
      rest = rest.subspan(sent.size);
    }
    loop_.run_until_idle();
  }
  // The same, but the client has not seen it yet.
  void send_later(const std::string& bytes) { (void)stream_->write(wire::as_bytes(bytes)); }

  void settle(const std::vector<std::pair<http2::SettingId, std::uint32_t>>& settings = {}) {
    send(wire::settings(settings) + wire::settings_ack());
  }
  // A whole answer with one message.
  void answer(std::uint32_t stream, const std::string& text = "ok") { send(answered(stream, text)); }
  static std::string answered(std::uint32_t stream, const std::string& text = "ok") {
    return head(stream) + wire::data(stream, message(text)) + trailers(stream, {{"grpc-status", "0"}});
  }
  static std::string head(std::uint32_t stream, const wire::Fields& more = {}) {
    wire::Fields fields = {{":status", "200"}, {"content-type", "application/grpc"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return wire::headers(stream, fields);
  }
  static std::string trailers(std::uint32_t stream, const wire::Fields& fields) {
    return wire::headers(stream, fields).end_stream();
  }

  // The frames that came since the last call, without those that set a connection up.
  Lines calls() {
    Lines lines;
    loop_.run_until_idle();
    std::vector<std::byte> room(64 * 1024);
    for (net::IoResult got; stream_ != nullptr && (got = stream_->read(room)).state != net::IoState::would_block;) {
      if (got.state != net::IoState::ok) break;
      for (std::string& line : trace_.read(std::span(room).first(got.size)))
        if (!line.starts_with("PREFACE") && !line.starts_with("SETTINGS") && !line.starts_with("WINDOW_UPDATE 0"))
          lines.push_back(std::move(line));
      loop_.run_until_idle();
    }
    return lines;
  }

  void hang_up() {
    stream_.reset();
    loop_.run_until_idle();
  }
  bool client_is_there() const { return pair_.open_a(); }

 private:
  pintle::testing::TestLoop& loop_;
  pintle::testing::MemoryPair pair_;
  std::unique_ptr<net::ByteStream> stream_;
  wire::Trace trace_;
};

// Makes a Peer for each dial, or fails.
class FrameServer final : public Dialer {
 public:
  explicit FrameServer(pintle::testing::TestLoop& loop) : loop_(loop) {}

  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& on, const Endpoint&, Deadline deadline) override {
    dials.push_back(on.now());
    patience.push_back(deadline.remaining(on.now()));
    if (refuses) co_return unavailable("connection refused by the test");
    Peer& peer = peers.emplace_back(loop_, on);
    std::unique_ptr<net::ByteStream> end = peer.client_end();
    if (hangs_up) peer.hang_up();
    co_return end;
  }

  bool refuses = false;   // from now on
  bool hangs_up = false;  // accepts, and closes at once
  std::vector<TimePoint> dials;
  std::vector<Duration> patience;
  std::deque<Peer> peers;

 private:
  pintle::testing::TestLoop& loop_;
};

// How a call ended.
struct Outcome {
  Status status;
  std::vector<std::string> responses;
  Metadata head, trailers;
  bool left_client = false, processed = false;
};

// A call of bytes, as a proxy makes it.
inline Task<Outcome> bytes_call(std::shared_ptr<Channel> channel, std::string path, Kind kind,
                                std::vector<std::string> requests, CallOptions options) {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = path;
  info.kind = kind;
  Pipe up(nullptr, SIZE_MAX), down(nullptr, SIZE_MAX);
  for (const std::string& request : requests) up.sink().push(Message(wire::as_bytes(request), nullptr, nullptr));
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  detail::apply(call, options, env);
  Outcome outcome;
  outcome.status = co_await channel->method(info)(call).in({env.loop, &call.scope, &call});
  down.close();
  Message* response = nullptr;
  while (down.source().poll(response) == Poll::ready)
    outcome.responses.emplace_back(reinterpret_cast<const char*>(response->bytes().data()), response->bytes().size());
  outcome.head = call.response_head;
  outcome.trailers = call.response_trailers;
  outcome.left_client = call.facts.left_client;
  outcome.processed = call.facts.processed;
  co_return outcome;
}

using RunningCall = pintle::testing::Running<Outcome>;

// Everything that tests of a channel need.
class ChannelTest {
 public:
  explicit ChannelTest(ChannelOptions options = {}, std::size_t loops = 1)
      : loop(loops), server(std::make_shared<FrameServer>(loop)) {
    options.authority = "test";
    if (!options.random) options.random = [] { return 0.5; };
    std::vector<Loop*> all;
    for (std::size_t i = 0; i < loops; ++i) all.push_back(&loop.loop(i));
    channel = make_channel(std::move(all), server, std::move(options)).value();
  }
  ~ChannelTest() {
    all_calls.cancel(Status(Code::cancelled, "the test is over"));
    loop.run_until_idle();
    channel.reset();
    loop.run_until_idle();
  }

  RunningCall call(std::string path = "/s/m", CallOptions options = {}, Kind kind = Kind::unary,
                   std::vector<std::string> requests = {"hi"}) {
    return loop.start(bytes_call(channel, std::move(path), kind, std::move(requests), std::move(options)), 0,
                      &all_calls);
  }
  // The peer of the newest connection.
  Peer& peer() { return server->peers.back(); }
  std::size_t dials() const { return server->dials.size(); }
  // Starts a call and shakes hands with its connection.
  RunningCall connected_call(std::string path = "/s/m", CallOptions options = {}, Kind kind = Kind::unary,
                             std::vector<std::string> requests = {"hi"}) {
    RunningCall running = call(std::move(path), std::move(options), kind, std::move(requests));
    peer().settle();
    return running;
  }

  pintle::testing::TestLoop loop;
  std::shared_ptr<FrameServer> server;
  std::shared_ptr<Channel> channel;
  CancelScope all_calls;  // what still runs when the test is over
};

}  // namespace pintle::client::test
