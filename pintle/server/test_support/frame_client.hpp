// A server on a loop that the test turns, with functions for methods, and clients of it that are strings of frames.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/call.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/server/server.hpp>
#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>
#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>

namespace pintle::server::test {

namespace wire = pintle::testing::wire;
using Lines = std::vector<std::string>;

// A function from Call& to Task<Status>.
template <class F>
class FunctionHandler final : public Handler {
 public:
  explicit FunctionHandler(F function) : function_(std::move(function)) {}
  Task<Status> operator()(LayerCall& call) override { co_return co_await function_(call); }

 private:
  F function_;
};

// Its methods take and give bytes. Add them before the service is added to a server.
class FunctionService final : public Service {
 public:
  // `path` is "/service/method".
  template <class F>
  void add(std::string path, F function) {
    MethodInfo method;
    method.path = paths_.emplace_back(std::move(path));
    method.service = method.path.substr(1, method.path.rfind('/') - 1);
    method.name = method.path.substr(method.path.rfind('/') + 1);
    method.kind = Kind::bidi;
    methods_.push_back(method);
    handlers_.push_back(std::make_unique<FunctionHandler<F>>(std::move(function)));
    info_ = {.name = methods_.front().service, .file = "", .methods = methods_, .options = ""};
  }
  const ServiceInfo& info() const override { return info_; }
  std::unique_ptr<Handler> handler(std::size_t index) override {
    struct Forward final : Handler {
      explicit Forward(Handler& h) : to(h) {}
      Task<Status> operator()(LayerCall& call) override { co_return co_await to(call); }
      Handler& to;
    };
    return std::make_unique<Forward>(*handlers_[index]);
  }

 private:
  std::deque<std::string> paths_;
  std::vector<MethodInfo> methods_;
  std::vector<std::unique_ptr<Handler>> handlers_;
  ServiceInfo info_;
};

// One connection to `server`, in memory.
class FrameClient {
 public:
  FrameClient(pintle::testing::TestLoop& loop, Server& server, pintle::testing::MemoryPipeOptions pipe = {})
      : loop_(loop), pair_(std::in_place, loop.loop(), loop.loop(), pipe), stream_(pair_->take_a()) {
    stream_->set_observer(nobody_);
    server.serve(pair_->take_b());
    loop_.run_until_idle();
  }
  // At the end of a stream whose other end is served already.
  FrameClient(pintle::testing::TestLoop& loop, std::unique_ptr<net::ByteStream> stream)
      : loop_(loop), stream_(std::move(stream)) {
    stream_->set_observer(nobody_);
  }

  // Writes, lets the server work, and returns the frames that came since the last call.
  Lines send(const std::string& bytes) {
    std::span<const std::byte> rest = wire::as_bytes(bytes);
    while (!rest.empty()) {
      const net::IoResult sent = stream_->write(rest);
      if (sent.state != net::IoState::ok) break;
      rest = rest.subspan(sent.size);
      loop_.run_until_idle();
    }
    return received();
  }

  Lines received() {
    Lines lines;
    if (stream_ != nullptr) stream_->want_read();  // TLS has no bytes before it is told of some
    loop_.run_until_idle();
    std::vector<std::byte> room(64 * 1024);
    for (net::IoResult got; stream_ != nullptr && (got = stream_->read(room)).state != net::IoState::would_block;) {
      if (got.state != net::IoState::ok) {
        if (!std::exchange(ended_, true)) lines.emplace_back("END");
        break;
      }
      for (std::string& line : trace_.read(std::span(room).first(got.size))) lines.push_back(std::move(line));
      loop_.run_until_idle();
    }
    return lines;
  }

  // Preface and SETTINGS in both directions, which the lines then do not show.
  void shake_hands(const std::vector<std::pair<http2::SettingId, std::uint32_t>>& settings = {}) {
    send(wire::preface() + wire::settings(settings) + wire::settings_ack());
  }

  // Ends its own side, and can still read.
  void end_input() {
    stream_->shutdown_write();
    loop_.run_until_idle();
  }
  void hang_up() {
    stream_.reset();
    loop_.run_until_idle();
  }

  // Of one that was not given its stream.
  pintle::testing::MemoryPair& pair() { return *pair_; }

 private:
  struct Nobody final : net::ByteStream::Observer {
    void on_readable() noexcept override {}
    void on_writable() noexcept override {}
  };
  pintle::testing::TestLoop& loop_;
  Nobody nobody_;
  std::optional<pintle::testing::MemoryPair> pair_;
  std::unique_ptr<net::ByteStream> stream_;
  wire::Trace trace_;
  bool ended_ = false;
};

// The head of a gRPC request, and a message with its prefix.
inline wire::Fields grpc(std::string path, const wire::Fields& more = {}) {
  wire::Fields fields = wire::request(std::move(path), {{"content-type", "application/grpc"}, {"te", "trailers"}});
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
inline std::string message(const std::string& text) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(text.size() >> shift & 0xff));
  return out + text;
}

// Everything that tests of a server need; one client is connected when start() returns.
class ServerTest {
 public:
  explicit ServerTest(ServerOptions options = {}) : server({&loop.loop()}, std::move(options)) {}
  ~ServerTest() { stop(); }

  // Ends all that runs: for destructors of fixtures whose members the handlers use. Idempotent.
  void stop() {
    client_.reset();
    if (!std::exchange(started_, false)) return;
    server.drain(Duration::zero(), [] {});
    loop.run_until_idle();
    loop.advance(std::chrono::seconds(5));
  }

  FrameClient& start() {
    EXPECT_TRUE(server.add(service).ok());
    EXPECT_TRUE(server.start().ok());
    started_ = true;
    client_ = std::make_unique<FrameClient>(loop, server);
    client_->shake_hands();
    return *client_;
  }
  FrameClient& client() { return *client_; }

  pintle::testing::TestLoop loop;
  FunctionService service;
  Server server;

 private:
  std::unique_ptr<FrameClient> client_;
  bool started_ = false;
};

// Reads the request to its end, answers with its last message.
inline Task<Status> echo(Call& call) {
  std::string last;
  for (;;) {
    Result<Message*> next = co_await call.read();
    if (!next) co_return std::move(next).error();
    if (*next == nullptr) break;
    const auto bytes = (*next)->bytes();
    last.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  const Message answer(wire::as_bytes(last), nullptr, nullptr);
  co_return co_await call.write(answer);
}

}  // namespace pintle::server::test
