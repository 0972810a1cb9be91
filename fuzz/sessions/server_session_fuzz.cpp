// Clients that send anything, to a whole server with layers and methods of several tempers.
#include <functional>

#include "steps.hpp"
#include <pintle/rpc/awaiting.hpp>
#include <pintle/server/server.hpp>

namespace pintle::fuzz {
namespace {

// /s/echo answers with what came, /s/wait waits for its end, /s/throw throws, /s/flood writes until nobody reads.
class Methods final : public Service {
 public:
  Methods() {
    for (std::size_t i = 0; i < std::size(kPaths); ++i) {
      methods_[i].path = kPaths[i];
      methods_[i].service = "s";
      methods_[i].name = methods_[i].path.substr(3);
      methods_[i].kind = Kind::bidi;
    }
    info_.name = "s";
    info_.methods = methods_;
  }
  const ServiceInfo& info() const override { return info_; }
  std::unique_ptr<Handler> handler(std::size_t index) override {
    switch (index) {
      case 0:
        return std::make_unique<Echo>();
      case 1:
        return std::make_unique<Wait>();
      case 2:
        return std::make_unique<Throw>();
      default:
        return std::make_unique<Flood>();
    }
  }

 private:
  struct Echo final : Handler {
    Task<Status> operator()(LayerCall& call) override {
      for (;;) {
        Result<Message*> next = co_await call.read();
        if (!next) co_return std::move(next).error();
        if (*next == nullptr) co_return Status();
        if (Status gone = co_await call.write(**next); !gone.ok()) co_return gone;
      }
    }
  };
  struct Wait final : Handler {
    Task<Status> operator()(LayerCall&) override { co_return co_await sleep_for(std::chrono::hours(1)); }
  };
  struct Throw final : Handler {
    Task<Status> operator()(LayerCall& call) override {
      (void)co_await call.read();
      throw std::runtime_error("as always");
    }
  };
  struct Flood final : Handler {
    Task<Status> operator()(LayerCall& call) override {
      const std::string text(5000, 'f');
      const Message message(wire::as_bytes(text), nullptr, nullptr);
      for (int i = 0; i < 100; ++i)
        if (Status gone = co_await call.write(message); !gone.ok()) co_return gone;
      co_return Status();
    }
  };
  static constexpr std::string_view kPaths[] = {"/s/echo", "/s/wait", "/s/throw", "/s/flood"};
  MethodInfo methods_[std::size(kPaths)];
  ServiceInfo info_;
};

// Counts calls in and out, and asks them everything.
class Counting final : public Layer {
 public:
  std::string_view name() const override { return "counting"; }
  Place place() const override { return Place::telemetry; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Counted final : Handler {
      Counted(Handler& n, int& r) : next(n), running(r) {}
      Task<Status> operator()(LayerCall& call) override {
        ++running;
        require(!call.path().empty() || !call.refusal.ok());
        Status status = co_await next(call);
        (void)call.outcome(status);
        --running;
        co_return status;
      }
      Handler& next;
      int& running;
    };
    return std::make_unique<Counted>(next, running);
  }
  mutable int running = 0;
};

const std::vector<wire::Fields>& heads() {
  static const std::vector<wire::Fields> kHeads = [] {
    std::vector<wire::Fields> all;
    const auto grpc = [&](std::string path, const wire::Fields& more) {
      wire::Fields fields = wire::request(std::move(path), {{"content-type", "application/grpc"}, {"te", "trailers"}});
      fields.insert(fields.end(), more.begin(), more.end());
      all.push_back(std::move(fields));
    };
    for (const char* path : {"/s/echo", "/s/wait", "/s/throw", "/s/flood", "/s/none"}) {
      grpc(path, {});
      grpc(path, {{"grpc-timeout", "100m"}, {"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "gzip,zstd"}});
      grpc(path, {{"authorization", "Bearer x"}, {"x-bin", "AAECAw"}, {"grpc-previous-rpc-attempts", "2"}});
      grpc(path, {{"grpc-timeout", "x"}});
    }
    for (const wire::Head& head : wire::good_requests()) all.push_back(head.fields);
    for (const wire::Head& head : wire::bad_requests()) all.push_back(head.fields);
    grpc("/s/echo", {{"x-long", std::string(20'000, 'l')}});
    return all;
  }();
  return kHeads;
}

void run(Input input) {
  testing::TestLoop loop;
  ServerOptions options;
  options.random = [] { return 0.5; };
  options.connection.max_running = 3;
  options.connection.http2.max_concurrent_streams = 8;
  options.max_receive_message = 5000;
  if (input.byte() % 2 == 1) options.connection.max_age = std::chrono::seconds(5);
  Methods methods;
  auto counting = std::make_shared<Counting>();
  Server server({&loop.loop()}, options);
  require(server.add(methods).ok());
  server.add_layer(counting);
  require(server.start().ok());
  testing::MemoryPair pair(loop.loop(), loop.loop());
  Peer peer(loop, pair.take_a());
  server.serve(pair.take_b());
  const bool polite = input.byte() % 4 != 0;
  if (polite) peer.send(wire::preface() + wire::settings({}) + wire::settings_ack());
  std::uint32_t next = 1;
  for (int steps = 0; !input.done() && steps < 400; ++steps) {
    const std::uint8_t what = input.byte(), argument = input.byte();
    const std::uint32_t stream = next <= 1 ? 1 : 1 + 2 * (what / 16 % ((next + 1) / 2));
    if (common_step(what % 16, argument, stream, input, peer, loop)) continue;
    switch (what % 16) {
      case 12:
      case 13: {
        const wire::Fields& fields = heads()[argument % heads().size()];
        peer.send(what % 16 == 12 ? wire::headers(next, fields) : wire::headers(next, fields).end_stream());
        next += 2;
        break;
      }
      case 14:  // trailers of a request, which gRPC knows none of
        peer.send(wire::headers(stream, {{"x-trailer", "t"}}).end_stream());
        break;
      default:
        if (argument == 255) server.drain(std::chrono::seconds(1), [] {});
        break;
    }
  }
  peer.reads(true);
  peer.hang_up();
  server.drain(Duration::zero(), [] {});
  loop.run_until_idle();
  loop.advance(std::chrono::seconds(5));
  require(server.connections() == 0);
  require(counting->running == 0);
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::Input({data, size}));
  return 0;
}
