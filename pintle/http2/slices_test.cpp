// What a peer may send is counted by what it sends: in whatever pieces the loop reads it, and whether or not output
// leaves in between, as it does where many connections share the loop.
#include <algorithm>
#include <functional>
#include <memory>

#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::size_t kFrames = 12'000;
constexpr std::size_t kMost = 1'110;  // that any of these floods may last

struct Flood {
  const char* name;
  Role role;
  std::function<void(Established&)> before;
  std::function<std::string(std::uint32_t)> frame;
};

void nothing(Established&) {}
void a_call(Established& e) { e.feed(headers(1, request())); }
void an_ended_call(Established& e) {
  e.feed(headers(1, request()).end_stream());
  e.head(1, true);
}
void no_room(Established& e) {
  for (StreamId id = 1; id < 200; id += 2) e.feed(headers(id, request()));
}

const std::vector<Flood>& floods() {
  static const std::vector<Flood> kFloods = {
      {"SETTINGS", Role::server, nothing, [](auto) { return settings().bytes(); }},
      {"SETTINGS of a server", Role::client, nothing, [](auto) { return settings().bytes(); }},
      {"SETTINGS that move windows", Role::server, a_call,
       [](auto i) { return settings({{SettingId::initial_window_size, 1'000 + i % 2}}).bytes(); }},
      {"SETTINGS ACK", Role::server, nothing, [](auto) { return settings_ack().bytes(); }},
      {"PING", Role::server, nothing, [](auto i) { return ping(i).bytes(); }},
      {"PING of a server", Role::client, nothing, [](auto i) { return ping(i).bytes(); }},
      {"PING ACK", Role::server, nothing, [](auto i) { return ping(i).ack().bytes(); }},
      {"PRIORITY", Role::server, nothing, [](auto) { return priority(7, 3).bytes(); }},
      {"unknown", Role::server, nothing, [](auto) { return raw(0x42, 0, 0, "x").bytes(); }},
      {"GOAWAY", Role::server, nothing, [](auto) { return goaway(0, ErrorCode::no_error).bytes(); }},
      {"GOAWAY of a server", Role::client, nothing,
       [](auto) { return goaway(0x7fff'ffff, ErrorCode::no_error).bytes(); }},
      {"WINDOW_UPDATE", Role::server, nothing, [](auto) { return window_update(0, 1).bytes(); }},
      {"RST_STREAM", Role::server, an_ended_call, [](auto) { return rst(1, ErrorCode::cancel).bytes(); }},
      {"empty DATA", Role::server, a_call, [](auto) { return data(1, "").bytes(); }},
      {"empty padded DATA", Role::server, a_call, [](auto) { return data(1, "").padded(1).bytes(); }},
      {"malformed requests", Role::server, nothing, [](auto i) { return headers(2 * i + 1, {}).bytes(); }},
      {"rapid resets", Role::server, nothing,
       [](auto i) { return i % 2 == 0 ? headers(i + 1, request()).bytes() : rst(i, ErrorCode::cancel).bytes(); }},
      {"refused requests", Role::server, no_room, [](auto i) { return headers(2 * i + 201, request()).bytes(); }},
      {"requests after the last GOAWAY", Role::server, [](Established& e) { e.session.close_gracefully(); },
       [](auto i) { return headers(2 * i + 1, request()).bytes(); }},
  };
  return kFloods;
}

// Frames that were whole when the connection ended; kFrames when it never did.
std::size_t frames_until_dead(const Flood& flood, std::size_t slice, bool output_leaves) {
  Established engine(flood.role);
  flood.before(engine);
  engine.sent();
  std::string bytes;
  std::vector<std::size_t> ends;
  for (std::uint32_t i = 0; i < kFrames; ++i) ends.push_back((bytes += flood.frame(i)).size());
  std::size_t at = 0;
  for (; at < bytes.size() && !engine.session.dead(); at += slice) {
    engine.session.feed(as_bytes(bytes).subspan(at, std::min(slice, bytes.size() - at)), engine.now);
    engine.session.pump();
    if (output_leaves && !engine.session.dead()) engine.sent();
  }
  if (!engine.session.dead()) return kFrames;
  EXPECT_THAT(engine.sent(), Contains(HasSubstr("ENHANCE_YOUR_CALM"))) << flood.name;
  return static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
}

TEST(Slices, OfAFloodDoNotMakeItLonger) {
  for (const Flood& flood : floods()) {
    for (const std::size_t slice : {7uz, 100uz, 1'000uz}) {
      for (const bool output_leaves : {false, true}) {
        EXPECT_LE(frames_until_dead(flood, slice, output_leaves), kMost + slice / 9)
            << flood.name << ", " << slice << " bytes at a time" << (output_leaves ? ", each answered" : "");
      }
    }
  }
}

// A hundred connections that take turns on a loop which always writes what it has: each is cut for its own flood.
TEST(Slices, OfAHundredFloodsCutEachOfThem) {
  std::vector<std::unique_ptr<Established>> servers;
  for (int i = 0; i < 100; ++i) servers.push_back(std::make_unique<Established>());
  for (int turn = 0; turn < 1'200; ++turn) {
    for (const auto& server : servers) {
      server->advance(std::chrono::microseconds(10));
      server->feed(settings());
      server->session.output().clear();
    }
  }
  EXPECT_TRUE(std::all_of(servers.begin(), servers.end(), [](const auto& s) { return s->session.dead(); }));
}

// One of these now and then is what honest peers do.
TEST(Slices, WhatComesSlowlyIsFine) {
  for (const Flood& flood : floods()) {
    const std::string_view name = flood.name;
    if (name.contains("DATA") || name == "PING") continue;  // have rules of their own
    Established engine(flood.role);
    flood.before(engine);
    for (std::uint32_t i = 0; i < 3'000; ++i) {
      engine.advance(std::chrono::milliseconds(100));
      engine.feed(flood.frame(i));
      engine.sent();
    }
    EXPECT_FALSE(engine.session.dead()) << name;
  }
}

}  // namespace
}  // namespace pintle::http2
