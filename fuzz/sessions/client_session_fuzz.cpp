// Servers that send anything, to a whole channel with calls under way.
#include <deque>

#include "steps.hpp"
#include <pintle/client/channel.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/pipe.hpp>

namespace pintle::fuzz {
namespace {

class Dialed final : public Dialer {
 public:
  explicit Dialed(testing::TestLoop& loop) : loop_(loop) {}
  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop&, const Endpoint&, Deadline) override {
    if (peers.size() >= 20) co_return unavailable("enough");
    testing::MemoryPair pair(loop_.loop(), loop_.loop());
    peers.emplace_back(loop_, pair.take_b());
    co_return pair.take_a();
  }
  std::deque<Peer> peers;

 private:
  testing::TestLoop& loop_;
};

Task<Status> call(std::shared_ptr<Channel> channel, Kind kind, int requests) {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = "/s/m";
  info.kind = kind;
  Pipe up(nullptr, SIZE_MAX), down(nullptr, SIZE_MAX);
  const std::string text(100, 'q');
  for (int i = 0; i < requests; ++i) up.sink().push(Message(wire::as_bytes(text), nullptr, nullptr));
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  call.set_deadline(Deadline::after(env.loop->now(), std::chrono::seconds(30)));
  Status status = co_await channel->method(info)(call).in({env.loop, &call.scope, &call});
  call.finish();
  co_return status;
}

const std::vector<wire::Fields>& heads() {
  static const std::vector<wire::Fields> kHeads = [] {
    std::vector<wire::Fields> all;
    const auto add = [&](const wire::Fields& fields) { all.push_back(fields); };
    add({{":status", "200"}, {"content-type", "application/grpc"}});
    add({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}});
    add({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-encoding", "br"}});
    add({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "12"}, {"grpc-message", "%zz%41"}});
    add({{":status", "503"}, {"content-type", "text/html"}});
    add({{"grpc-status", "0"}});
    add({{"grpc-status", "7"}, {"grpc-message", "no"}, {"grpc-status-details-bin", "!!"}});
    add({{"grpc-status", "99999"}, {"x-bin", "AAEC"}});
    add({{"x-trailer", "without a status"}});
    for (const auto& table : {wire::good_responses(), wire::informational_responses(), wire::bad_responses()})
      for (const wire::Head& head : table) all.push_back(head.fields);
    return all;
  }();
  return kHeads;
}

void run(Input input) {
  testing::TestLoop loop;
  auto dialer = std::make_shared<Dialed>(loop);
  ChannelOptions options;
  options.authority = "fuzz";
  options.random = [] { return 0.5; };
  options.max_receive_message = 5000;
  options.max_waiting = 10;
  auto channel = make_channel({&loop.loop()}, dialer, options).value();
  std::vector<testing::Running<Status>> calls;
  const auto begin = [&](std::uint8_t argument) {
    if (calls.size() < 50)
      calls.push_back(loop.start(call(channel, static_cast<Kind>(argument % 4), 1 + argument / 4 % 3)));
  };
  begin(input.byte());
  const bool polite = input.byte() % 4 != 0;
  for (int steps = 0; !input.done() && steps < 400; ++steps) {
    if (dialer->peers.empty()) break;
    Peer& peer = dialer->peers.back();
    if (steps == 0 && polite) peer.send(wire::settings({}) + wire::settings_ack());
    const std::uint8_t what = input.byte(), argument = input.byte();
    const std::uint32_t stream = 1 + 2u * (what / 16u);
    if (common_step(what % 16, argument, stream, input, peer, loop)) continue;
    switch (what % 16) {
      case 12:
      case 13: {
        const wire::Fields& fields = heads()[argument % heads().size()];
        peer.send(what % 16 == 12 ? wire::headers(stream, fields) : wire::headers(stream, fields).end_stream());
        break;
      }
      case 14:
        begin(argument);
        if (polite && argument % 2 == 0) dialer->peers.back().send(wire::settings({}) + wire::settings_ack());
        break;
      default:
        if (!calls.empty()) calls[argument % calls.size()].cancel();
        loop.run_until_idle();
        break;
    }
  }
  for (Peer& peer : dialer->peers) peer.hang_up();
  loop.advance(std::chrono::seconds(40));  // all deadlines
  for (testing::Running<Status>& each : calls) require(each.done());
  channel.reset();
  loop.run_until_idle();
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::Input({data, size}));
  return 0;
}
