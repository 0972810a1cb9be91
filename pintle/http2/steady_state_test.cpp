// Once a connection is warm, calls cost no allocation, neither on the server nor on the client.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include <pintle/http2/session.hpp>

namespace {

std::size_t allocations = 0;

}  // namespace

// The program's own, so that every test in it is counted; only this file looks at the figure.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace pintle::http2 {
namespace {

constexpr TimePoint kNow{std::chrono::hours(1)};

// Answers every request as soon as it has ended.
class Room final : public Events {
 public:
  explicit Room(bool answers) : answers_(answers) {}
  Session* session = nullptr;
  int closed = 0;

 private:
  void on_headers(Stream&, const HeaderList&, bool) override {}
  void on_headers_too_large(Stream&, bool) override {}
  void on_trailers(Stream&, const HeaderList&) override {}
  void on_data(Stream& stream, std::span<const std::byte> data, bool end_stream) override {
    session->consume(stream, data.size());
    if (!answers_ || !end_stream) return;
    session->send_head(stream, head_, {}, false);
    if (std::byte* at = session->write_data(stream, 20, false)) std::memset(at, 'a', 20);
    session->queue_data(stream, std::as_bytes(std::span(body_)), false);  // the queue is part of the steady state, too
    session->pump();
    session->send_trailers(stream, trailers_, {});
  }
  void on_reset(Stream&, ErrorCode, Initiator) override {}
  void on_writable(Stream&) override {}
  void on_closed(Stream&) override { ++closed; }
  void on_settings(bool) override {}
  void on_ping_ack(std::uint64_t) override {}
  void on_goaway(StreamId, ErrorCode, std::string_view) override {}
  void on_streams_available() override {}
  void on_connection_error(ErrorCode, Initiator, std::string_view reason) override { ADD_FAILURE() << reason; }

  bool answers_;
  char body_[200] = {};
  PreparedBlock head_{1, {{":status", "200"}, {"content-type", "application/grpc"}}};
  PreparedBlock trailers_{2, {{"grpc-status", "0"}}};
};

TEST(SteadyState, CallsAllocateNothing) {
  Room server_room(true), client_room(false);
  Session server(Role::server, {}, server_room, kNow), client(Role::client, {}, client_room, kNow);
  server_room.session = &server;
  client_room.session = &client;
  const PreparedBlock head(3, {{":method", "POST"}, {":scheme", "http"}, {":path", "/s/m"}, {":authority", "test"}});
  const auto calls = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 20; ++i) {
        Stream* stream = client.open(head, {}, false, nullptr);
        ASSERT_NE(stream, nullptr);
        std::byte* at = client.write_data(*stream, 30, true);
        ASSERT_NE(at, nullptr);
        std::memset(at, 'q', 30);
      }
      client.pump();
      // In two pieces, so that split frames are part of it.
      const std::size_t cut = client.output().size() / 2 + 3;
      server.feed(client.output().bytes().first(cut), kNow);
      server.feed(client.output().bytes().subspan(cut), kNow);
      client.output().clear();
      server.pump();
      client.feed(server.output().bytes(), kNow);
      server.output().clear();
    }
  };
  calls(20);
  const std::size_t before = allocations;
  calls(200);
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_EQ(server_room.closed, 220 * 20);
  EXPECT_EQ(client_room.closed, 220 * 20);
}

}  // namespace
}  // namespace pintle::http2
