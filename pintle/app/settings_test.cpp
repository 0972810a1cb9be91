// Every key of the schema reaches the option that it is about.
#include <pintle/app/settings.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include <pintle/base/memory_limit.hpp>
#include <pintle/config/v1/client.pb.h>
#include <pintle/config/v1/server.pb.h>
#include <pintle/config/v1/tls.pb.h>
#include <pintle/testing/kit/certificates.hpp>

namespace pintle {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

void set(google::protobuf::Duration& to, Duration d) {
  to.set_seconds(d / seconds(1));
  to.set_nanos(static_cast<std::int32_t>((d % seconds(1)).count()));
}

TEST(Settings, OfTheServerReachItsOptions) {
  config::v1::Server server;
  server.set_threads(3);
  server.set_workers(5);
  server.set_max_connections(7);
  server.set_max_connections_per_ip(53);
  server.set_max_concurrent_calls_per_connection(11);
  server.set_max_receive_message_bytes(13);
  set(*server.mutable_keepalive()->mutable_time(), seconds(17));
  set(*server.mutable_keepalive()->mutable_timeout(), seconds(19));
  set(*server.mutable_keepalive()->mutable_permit_time(), milliseconds(2300));
  set(*server.mutable_keepalive()->mutable_max_connection_idle(), seconds(29));
  set(*server.mutable_keepalive()->mutable_max_connection_age(), seconds(43));
  set(*server.mutable_keepalive()->mutable_max_connection_age_grace(), seconds(47));
  server.mutable_keepalive()->set_ping_strikes(31);
  set(*server.mutable_limits()->mutable_handshake_timeout(), Duration(1));
  server.mutable_limits()->set_stream_window_bytes(37'000);
  server.mutable_limits()->set_max_header_fields(41);

  EXPECT_EQ(runtime_options(server).threads, 3u);
  EXPECT_EQ(runtime_options(server).workers.threads, 5u);
  const ServerOptions options = server_options(server, Logger());
  EXPECT_EQ(options.max_connections, 7u);
  EXPECT_EQ(options.max_connections_per_ip, 53u);
  EXPECT_EQ(options.connection.max_running, 11u);
  EXPECT_EQ(options.connection.http2.max_concurrent_streams, 11u);
  EXPECT_EQ(options.max_receive_message, 13u);
  EXPECT_EQ(options.connection.keepalive.time, seconds(17));
  EXPECT_EQ(options.connection.keepalive.timeout, seconds(19));
  EXPECT_TRUE(options.connection.keepalive.without_calls);
  EXPECT_EQ(options.connection.http2.min_ping_interval, milliseconds(2300));
  EXPECT_EQ(options.connection.idle_timeout, seconds(29));
  EXPECT_EQ(options.connection.max_age, seconds(43));
  EXPECT_EQ(options.connection.max_age_grace, seconds(47));
  EXPECT_EQ(options.connection.http2.ping_strikes, 31u);
  EXPECT_EQ(options.connection.http2.preface_timeout, milliseconds(1)) << "rounded up: 0 would be no time at all";
  EXPECT_EQ(options.connection.http2.initial_stream_window, 37'000u);
  EXPECT_EQ(options.connection.http2.max_header_fields, 41u);
}

TEST(Settings, TheMemoryBudgetIsWhatIsSaidOrWhatTheMachineAllows) {
  config::v1::Server server;
  EXPECT_EQ(memory_budget(server)->limit(), default_memory_budget());
  server.set_memory_budget(std::uint64_t{77} << 20);
  EXPECT_EQ(memory_budget(server)->limit(), std::size_t{77} << 20);
}

TEST(Settings, ClientsMayPingWithoutCallsOnlyWherePermitted) {
  config::v1::Server server;
  set(*server.mutable_keepalive()->mutable_permit_time(), seconds(10));
  const auto unasked = server_options(server, Logger()).connection.http2.min_ping_interval_idle;
  EXPECT_GT(unasked, seconds(10));
  server.mutable_keepalive()->set_permit_without_calls(true);
  EXPECT_EQ(server_options(server, Logger()).connection.http2.min_ping_interval_idle, seconds(10));
}

TEST(Settings, AnAbsentDurationThatMayBeNoneIsNever) {
  EXPECT_EQ(server_options({}, Logger()).connection.idle_timeout, Duration::max());
  EXPECT_EQ(server_options({}, Logger()).connection.max_age, Duration::max());
  EXPECT_EQ(server_options({}, Logger()).connection.max_age_grace, Duration::max());
  EXPECT_EQ(channel_options({}, Logger()).default_timeout, Duration::max());
  EXPECT_EQ(channel_options({}, Logger()).connection.keepalive.time, Duration::max());
  EXPECT_EQ(channel_options({}, Logger()).connection.idle_timeout, Duration::max());
}

TEST(Settings, OfTheClientReachItsOptions) {
  config::v1::Client client;
  set(*client.mutable_timeout(), seconds(3));
  set(*client.mutable_connect_timeout(), seconds(5));
  set(*client.mutable_idle_timeout(), seconds(7));
  set(*client.mutable_keepalive()->mutable_time(), seconds(19));
  set(*client.mutable_keepalive()->mutable_timeout(), seconds(23));
  client.mutable_keepalive()->set_without_calls(true);
  client.set_wait_for_ready(true);
  client.set_max_receive_message_bytes(11);
  set(*client.mutable_backoff()->mutable_initial(), seconds(13));
  set(*client.mutable_backoff()->mutable_max(), seconds(17));
  client.mutable_backoff()->set_multiplier(1.9);
  client.mutable_backoff()->set_jitter(0.23);
  const ChannelOptions options = channel_options(client, Logger());
  EXPECT_EQ(options.default_timeout, seconds(3));
  EXPECT_EQ(options.backoff.min_connect_timeout, seconds(5));
  EXPECT_EQ(options.connection.idle_timeout, seconds(7));
  EXPECT_EQ(options.connection.keepalive.time, seconds(19));
  EXPECT_EQ(options.connection.keepalive.timeout, seconds(23));
  EXPECT_TRUE(options.connection.keepalive.without_calls);
  EXPECT_TRUE(options.wait_for_ready);
  EXPECT_EQ(options.max_receive_message, 11u);
  EXPECT_EQ(options.backoff.initial, seconds(13));
  EXPECT_EQ(options.backoff.max, seconds(17));
  EXPECT_DOUBLE_EQ(options.backoff.multiplier, 1.9);
  EXPECT_DOUBLE_EQ(options.backoff.jitter, 0.23);
}

TEST(Settings, CompressionIsNoneOrTheCodingOfThatName) {
  using wire::Encoding;
  const std::pair<config::v1::Compression, Encoding> table[] = {
      {config::v1::COMPRESSION_UNSPECIFIED, Encoding::identity},
      {config::v1::COMPRESSION_NONE, Encoding::identity},
      {config::v1::COMPRESSION_GZIP, Encoding::gzip},
      {config::v1::COMPRESSION_DEFLATE, Encoding::deflate},
      {config::v1::COMPRESSION_ZSTD, Encoding::zstd}};
  for (const auto& [setting, encoding] : table) {
    config::v1::Server server;
    server.set_compression(setting);
    EXPECT_EQ(server_options(server, Logger()).compression, encoding) << setting;
    config::v1::Client client;
    client.set_compression(setting);
    EXPECT_EQ(channel_options(client, Logger()).compression, encoding) << setting;
  }
}

}  // namespace
}  // namespace pintle
