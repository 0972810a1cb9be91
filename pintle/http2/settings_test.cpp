// SETTINGS (RFC 9113 section 6.5).
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Engine;
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Id = SettingId;

std::string end_of(Engine& engine) {
  const auto lines = engine.sent();
  return lines.empty() ? "" : lines.back();
}

TEST(Settings, EveryOptionThatDiffersFromTheProtocolIsAnnounced) {
  Options options;
  options.header_table_size = 8192;
  options.max_concurrent_streams = 7;
  options.initial_stream_window = 100'000;
  options.max_frame_size = 20'000;
  options.advertised_header_list = 9'000;
  options.connection_window = 65'535;
  Engine server(Role::server, options);
  EXPECT_THAT(server.sent(), ElementsAre("SETTINGS HEADER_TABLE_SIZE=8192 MAX_CONCURRENT_STREAMS=7 "
                                         "INITIAL_WINDOW_SIZE=100000 MAX_FRAME_SIZE=20000 MAX_HEADER_LIST_SIZE=9000"));
}

TEST(Settings, EachFrameIsAcknowledged) {
  Established server;
  EXPECT_THAT(server.feed(settings({{Id::max_concurrent_streams, 5}}) + settings()),
              ElementsAre("settings", "settings"));
  EXPECT_THAT(server.sent(), ElementsAre("SETTINGS ACK", "SETTINGS ACK"));
  EXPECT_EQ(server.session.peer_max_concurrent_streams(), 5u);
}

TEST(Settings, ThePeersHeaderListLimitIsKnown) {
  Established server;
  EXPECT_EQ(server.session.peer_max_header_list(), UINT32_MAX);
  server.feed(settings({{Id::max_header_list_size, 1234}}).bytes());
  EXPECT_EQ(server.session.peer_max_header_list(), 1234u);
}

TEST(Settings, UnknownOnesAreIgnored) {
  Established server;
  EXPECT_THAT(server.feed(settings({{static_cast<Id>(0x99), 1}}).bytes()), ElementsAre("settings"));
}

TEST(Settings, TheFirstFrameMustBeSettings) {
  for (const std::string& first : {ping(1).bytes(), headers(1, request()).bytes(), settings_ack().bytes()}) {
    Engine server;
    EXPECT_THAT(server.feed(preface() + first), Contains(HasSubstr("PROTOCOL_ERROR by library: the first frame")));
    Engine client(Role::client);
    EXPECT_THAT(client.feed(first), Contains(HasSubstr("PROTOCOL_ERROR by library: the first frame")));
  }
}

struct BadSettings {
  Frame frame;
  std::string code;
};

TEST(Settings, BadFramesEndTheConnection) {
  const std::vector<BadSettings> cases = {
      {raw(4, 0, 1, ""), "PROTOCOL_ERROR"},
      {raw(4, 0, 0, "12345"), "FRAME_SIZE_ERROR"},
      {settings({{Id::max_frame_size, 20'000}}).ack(), "FRAME_SIZE_ERROR"},
      {settings({{Id::enable_push, 2}}), "PROTOCOL_ERROR"},
      {settings({{Id::initial_window_size, 0x8000'0000}}), "FLOW_CONTROL_ERROR"},
      {settings({{Id::max_frame_size, 16'383}}), "PROTOCOL_ERROR"},
      {settings({{Id::max_frame_size, 16'777'216}}), "PROTOCOL_ERROR"},
  };
  for (const auto& [frame, code] : cases) {
    for (const Role role : {Role::server, Role::client}) {
      Established engine(role);
      EXPECT_THAT(engine.feed(frame), ElementsAre(HasSubstr("connection error " + code + " by library")));
      EXPECT_THAT(end_of(engine), HasSubstr("GOAWAY 0 " + code));
    }
  }
}

TEST(Settings, AServerMustNotOfferPush) {
  Established client(Role::client);
  EXPECT_THAT(client.feed(settings({{Id::enable_push, 1}})), ElementsAre(HasSubstr("PROTOCOL_ERROR")));
  Established server;
  EXPECT_THAT(server.feed(settings({{Id::enable_push, 1}})), ElementsAre("settings"));
}

TEST(Settings, TooManyEntriesEndTheConnection) {
  const std::vector<std::pair<Id, std::uint32_t>> entries(33, {Id::max_concurrent_streams, 1});
  Established server;
  EXPECT_THAT(server.feed(settings(entries)), ElementsAre(HasSubstr("ENHANCE_YOUR_CALM")));
}

TEST(Settings, AMissingAcknowledgementEndsTheConnection) {
  Engine server;
  server.feed(preface() + settings());
  EXPECT_EQ(server.session.next_timer(), test::kStart + std::chrono::seconds(10));
  EXPECT_THAT(server.wait(std::chrono::milliseconds(9'999)), IsEmpty());
  EXPECT_THAT(server.wait(std::chrono::milliseconds(1)), ElementsAre(HasSubstr("SETTINGS_TIMEOUT")));
  EXPECT_EQ(server.session.next_timer(), std::nullopt);
}

TEST(Settings, TheAcknowledgementStopsTheTimer) {
  Established server;
  EXPECT_EQ(server.session.next_timer(), std::nullopt);
}

TEST(Settings, AMissingPrefaceEndsTheConnection) {
  Engine server;
  server.feed(preface() + settings().bytes().substr(0, 5));
  EXPECT_THAT(server.wait(std::chrono::seconds(10)), ElementsAre(HasSubstr("SETTINGS_TIMEOUT")));
}

// SETTINGS have not left yet, so the answer is one that curl and browsers can read (RFC 9110 section 15.5.22).
TEST(Settings, AnHttp1PeerIsAnsweredInItsOwnWords) {
  Engine server;
  EXPECT_THAT(server.feed("POST /s/m HTTP/1.1\r\n\r\n"), ElementsAre(HasSubstr("the client speaks HTTP/1")));
  const Buffer& output = server.session.output();
  const std::string answer(reinterpret_cast<const char*>(output.data()), output.size());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n")) << answer;
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_THAT(answer, HasSubstr("content-length: " + std::to_string(answer.size() - body) + "\r\n"));
  EXPECT_THAT(answer, HasSubstr("HTTP/2"));
}

TEST(Settings, WhatIsNoHttpIsNotAnsweredInHttp1) {
  Engine stranger;
  EXPECT_THAT(stranger.feed("INVALID CONNECTION PREFACE\r\n\r\n"), ElementsAre(HasSubstr("not an HTTP/2 preface")));
  EXPECT_THAT(end_of(stranger), HasSubstr("GOAWAY 0 PROTOCOL_ERROR"));
  Engine server;
  EXPECT_THAT(server.feed(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8)), ElementsAre(HasSubstr("TLS")));
  EXPECT_THAT(end_of(server), HasSubstr("GOAWAY 0 PROTOCOL_ERROR"));
}

TEST(Settings, AServerThatAnswersInHttp1IsNamed) {
  Engine client(Role::client);
  EXPECT_THAT(client.feed("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"),
              ElementsAre(HasSubstr("the server answered in HTTP/1.1")));
}

TEST(Settings, AnAcknowledgementThatNobodyAwaitsIsAGlitch) {
  Established server;
  EXPECT_THAT(server.feed(settings_ack()), IsEmpty());
  EXPECT_EQ(server.session.counters().glitches, 1u);
}

TEST(Settings, ASmallerWindowHoldsOnlyAfterItsAcknowledgement) {
  Options options;
  options.initial_stream_window = 100;
  Engine server(Role::server, options);
  server.feed(preface() + settings() + headers(1, request()) + data(1, std::string(1'000, 'x')));
  EXPECT_THAT(server.session.active_streams(), 1u) << "the peer did not know";
  server.feed(settings_ack() + headers(3, request()));
  EXPECT_THAT(server.feed(data(3, std::string(101, 'x'))), Contains("reset 3 FLOW_CONTROL_ERROR by library"));
}

TEST(Settings, ALargerFrameSizeIsAccepted) {
  Options options;
  options.max_frame_size = 20'000;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, std::string(20'000, 'x'))), Contains("data 1 20000 bytes"));
  EXPECT_THAT(server.feed(data(1, std::string(20'001, 'x'))), Contains(HasSubstr("FRAME_SIZE_ERROR")));
}

TEST(Settings, TheHeaderTableMayBeForbidden) {
  Options options;
  options.header_table_size = 0;
  Established server(Role::server, options);
  // A size update to nothing, then a literal that asks to be indexed.
  EXPECT_THAT(server.feed(headers_raw(1, std::string("\x20") + block(request("/a")))),
              ElementsAre(HasSubstr("headers 1 :method=POST")));
  Established stubborn(Role::server, options);
  EXPECT_THAT(stubborn.feed(headers(1, request())), ElementsAre(HasSubstr("COMPRESSION_ERROR")))
      << "the reduction must be answered";
}

}  // namespace
}  // namespace pintle::http2
