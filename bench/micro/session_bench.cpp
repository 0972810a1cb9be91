// The whole engine, without sockets: a client session and a server session back to back, unary calls in batches.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <benchmark/benchmark.h>

#include <pintle/http2/session.hpp>

namespace pintle::http2 {
namespace {

constexpr std::string_view kMessage{"\0\0\0\0\x0d\x0a\x0bhello world", 18};

class Quiet : public Events {
 public:
  void on_headers(Stream&, const HeaderList&, bool) override {}
  void on_headers_too_large(Stream&, bool) override {}
  void on_trailers(Stream&, const HeaderList&) override {}
  void on_data(Stream&, std::span<const std::byte>, bool) override {}
  void on_reset(Stream&, ErrorCode, Initiator) override {}
  void on_writable(Stream&) override {}
  void on_closed(Stream&) override {}
  void on_settings(bool) override {}
  void on_ping_ack(std::uint64_t) override {}
  void on_goaway(StreamId, ErrorCode, std::string_view) override {}
  void on_streams_available() override {}
  void on_connection_error(ErrorCode, Initiator, std::string_view) override { broken = true; }
  virtual ~Quiet() = default;

  bool broken = false;
};

void write_message(Session& session, Stream& stream, bool end_stream) {
  if (std::byte* to = session.write_data(stream, kMessage.size(), end_stream)) {
    std::memcpy(to, kMessage.data(), kMessage.size());
  } else {
    session.queue_data(stream, std::as_bytes(std::span(kMessage)), end_stream);
  }
}

class Answering final : public Quiet {
 public:
  void on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) override {
    session->consume(stream, data.size());
    if (!end_stream) return;
    session->send_head(stream, head_, {}, false);
    write_message(*session, stream, false);
    session->send_trailers(stream, trailers_, {});
  }
  Session* session = nullptr;

 private:
  PreparedBlock head_{1, {{":status", "200"}, {"content-type", "application/grpc"}}};
  PreparedBlock trailers_{2, {{"grpc-status", "0"}}};
};

class Counting final : public Quiet {
 public:
  void on_data(Stream& stream, std::span<const std::byte> data, bool) override {
    session->consume(stream, data.size());
  }
  void on_trailers(Stream&, const HeaderList&) override { ++answered; }
  Session* session = nullptr;
  std::int64_t answered = 0;
};

// Both sides of a unary call; the argument is how many calls share a batch.
void unary_call_through_both_engines(benchmark::State& state) {
  const TimePoint now{};
  Answering server_events;
  Counting client_events;
  Session server(Role::server, Options(), server_events, now);
  Session client(Role::client, Options(), client_events, now);
  server_events.session = &server;
  client_events.session = &client;
  const auto exchange = [&] {
    while (!client.output().empty() || !server.output().empty()) {
      client.pump();
      server.feed(client.output().bytes(), now);
      client.output().clear();
      server.pump();
      client.feed(server.output().bytes(), now);
      server.output().clear();
    }
  };
  exchange();

  const PreparedBlock request(3, {{":method", "POST"},
                                  {":scheme", "http"},
                                  {":path", "/pintle.bench.v1.Echo/Unary"},
                                  {":authority", "127.0.0.1:50051"},
                                  {"content-type", "application/grpc"},
                                  {"te", "trailers"},
                                  {"user-agent", "pintle-bench"}});
  const std::int64_t batch = state.range(0);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < batch; ++i) {
      Stream* stream = client.open(request, {}, false, nullptr);
      if (stream == nullptr) return state.SkipWithError("no stream");
      write_message(client, *stream, true);
    }
    exchange();
  }
  if (client_events.answered != state.iterations() * batch || client_events.broken || server_events.broken) {
    state.SkipWithError("calls were lost");
  }
  state.SetItemsProcessed(client_events.answered);
}
BENCHMARK(unary_call_through_both_engines)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace pintle::http2
