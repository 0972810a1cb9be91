#include <pintle/app/config.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/app/config/test_input.hpp>
#include <pintle/app/settings.hpp>
#include <pintle/config/v1/client.pb.h>
#include <pintle/config/v1/log.pb.h>
#include <pintle/config/v1/server.pb.h>
#include <pintle/http2/options.hpp>

namespace pintle {
namespace {

using app::testing::Shop;
using app::testing::shop_sections;
using app::testing::TestInput;
using config::v1::Client;
using config::v1::Log;
using config::v1::Server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A configuration that must be right.
Config right(const TestInput& input) {
  auto config = Config::parse(shop_sections(), input.get());
  if (!config) {
    std::string all;
    for (const ConfigError& error : config.error()) all += error.to_string() + '\n';
    throw std::runtime_error(all);
  }
  return std::move(*config);
}

// Only Pintle's own keys, so that nothing must be set.
Config own(const TestInput& input) {
  auto config = Config::parse({}, input.get());
  if (!config) throw std::runtime_error(config.error().front().to_string());
  return std::move(*config);
}

TEST(Config, DefaultsAreThereWithoutAnyInput) {
  const Config config = own(TestInput());
  const auto& server = config.get<Server>();
  EXPECT_EQ(server.host(), "0.0.0.0");
  EXPECT_EQ(server.port(), 50051u);
  EXPECT_EQ(server.max_concurrent_calls_per_connection(), 100u);
  EXPECT_EQ(server.max_receive_message_bytes(), 4u << 20);
  EXPECT_EQ(server.shutdown_grace().seconds(), 5);
  EXPECT_TRUE(server.has_lame_duck());
  EXPECT_EQ(server.keepalive().time().seconds(), 7200);
  EXPECT_FALSE(server.keepalive().has_max_connection_idle());
  EXPECT_EQ(server.compression(), config::v1::COMPRESSION_NONE);
  EXPECT_FALSE(server.keepalive().has_max_connection_age());
  EXPECT_FALSE(server.keepalive().has_max_connection_age_grace());
  const auto& client = config.get<Client>();
  EXPECT_EQ(client.timeout().seconds(), 30);
  EXPECT_EQ(client.connect_timeout().seconds(), 20);
  EXPECT_DOUBLE_EQ(client.backoff().multiplier(), 1.6);
  EXPECT_FALSE(client.keepalive().has_time());
  EXPECT_EQ(config.get<Log>().level(), config::v1::LOG_LEVEL_INFO);
  EXPECT_EQ(config.action(), Config::Action::run);
  EXPECT_EQ(config.origin("server.port"), "default");
}

// A process that is configured by nobody and a program that uses the options without a file get the same connections.
TEST(Config, DefaultsAreThoseOfTheOptions) {
  const Config config = own(TestInput());
  const auto same = [](const transport::ConnectionOptions& a, const transport::ConnectionOptions& b) {
    EXPECT_EQ(a.keepalive.time, b.keepalive.time);
    EXPECT_EQ(a.keepalive.timeout, b.keepalive.timeout);
    EXPECT_EQ(a.keepalive.without_calls, b.keepalive.without_calls);
    EXPECT_EQ(a.idle_timeout, b.idle_timeout);
    EXPECT_EQ(a.max_age, b.max_age);
    EXPECT_EQ(a.max_age_grace, b.max_age_grace);
    EXPECT_EQ(a.max_running, b.max_running);
  };
  same(server_options(config.get<Server>(), Logger()).connection, ServerOptions().connection);
  same(channel_options(config.get<Client>(), Logger()).connection, ChannelOptions().connection);
}

// The engine's defaults and the schema's say the same.
TEST(Config, DefaultsAreThoseOfTheHttp2Engine) {
  const Config config = own(TestInput());
  const http2::Options options;
  const auto& limits = config.get<Server>().limits();
  EXPECT_EQ(config.get<Server>().max_concurrent_calls_per_connection(), options.max_concurrent_streams);
  EXPECT_EQ(limits.max_header_list_bytes(), options.max_header_list);
  EXPECT_EQ(limits.advertised_header_list_bytes(), options.advertised_header_list);
  EXPECT_EQ(limits.max_header_fields(), options.max_header_fields);
  EXPECT_EQ(limits.max_continuations(), options.max_continuations);
  EXPECT_EQ(limits.stream_window_bytes(), options.initial_stream_window);
  EXPECT_EQ(limits.connection_window_bytes(), options.connection_window);
  EXPECT_EQ(limits.max_frame_bytes(), options.max_frame_size);
  EXPECT_EQ(limits.reset_check_after(), options.reset_check_after);
  EXPECT_EQ(limits.max_provoked_resets(), options.max_provoked_resets);
  EXPECT_EQ(limits.glitch_burst(), options.glitch_burst);
  EXPECT_EQ(limits.glitch_rate(), options.glitch_rate);
  EXPECT_EQ(limits.max_control_frames_queued(), options.max_control_frames_queued);
  EXPECT_EQ(limits.max_empty_data(), options.max_empty_data);
  EXPECT_EQ(std::chrono::seconds(limits.handshake_timeout().seconds()), options.preface_timeout);
  EXPECT_EQ(std::chrono::seconds(limits.header_block_timeout().seconds()), options.header_block_timeout);
  EXPECT_EQ(std::chrono::seconds(limits.settings_ack_timeout().seconds()), options.settings_ack_timeout);
  EXPECT_EQ(std::chrono::seconds(limits.reset_window().seconds()), options.reset_window);
  EXPECT_EQ(config.get<Server>().keepalive().ping_strikes(), options.ping_strikes);
  EXPECT_EQ(std::chrono::seconds(config.get<Server>().keepalive().permit_time().seconds()), options.min_ping_interval);
}

TEST(Config, AVariableMayNameAFileThatHoldsTheValue) {
  const auto input = [](std::string name) {
    return ConfigInput()
        .variable(std::move(name), "/run/secrets/port")
        .files([](const std::string& path) -> std::expected<std::string, std::string> {
          if (path == "/run/secrets/port") return "7000\n";
          return std::unexpected("no such file");
        });
  };
  const auto config = Config::parse({}, input("PINTLE_SERVER__PORT_FILE"));
  ASSERT_TRUE(config) << config.error().front().to_string();
  EXPECT_EQ(config->get<Server>().port(), 7000u);
  EXPECT_EQ(config->origin("server.port"), "PINTLE_SERVER__PORT_FILE");
  EXPECT_FALSE(Config::parse({}, input("PINTLE_SERVER__PORTT_FILE")));
  const auto missing = Config::parse({}, input("PINTLE_SERVER__HOST_FILE").files([](const std::string&) {
    return std::expected<std::string, std::string>(std::unexpected("no such file"));
  }));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().front().to_string(), HasSubstr("no such file"));
  // A key that ends so by itself is that key.
  const auto own_key = Config::parse({}, input("PINTLE_SERVER__TLS__KEY_FILE"));
  ASSERT_TRUE(own_key);
  EXPECT_EQ(own_key->get<Server>().tls().key_file(), "/run/secrets/port");
}

TEST(Config, FlagsCountMoreThanTheEnvironmentAndThatMoreThanTheFile) {
  const std::string file = "server:\n  port: 1\n  threads: 1\n  workers: 1\n";
  const Config config = own(TestInput(file)
                                .variable("PINTLE_SERVER__PORT", "2")
                                .variable("PINTLE_SERVER__THREADS", "2")
                                .flag("--server.port")
                                .flag("3"));
  EXPECT_EQ(config.get<Server>().port(), 3u);
  EXPECT_EQ(config.get<Server>().threads(), 2u);
  EXPECT_EQ(config.get<Server>().workers(), 1u);
  EXPECT_EQ(config.get<Server>().host(), "0.0.0.0");
  EXPECT_EQ(config.origin("server.port"), "--server.port");
  EXPECT_EQ(config.origin("server.threads"), "PINTLE_SERVER__THREADS");
  EXPECT_EQ(config.origin("server.workers"), "shop.yaml:4");
  EXPECT_EQ(config.origin("server.host"), "default");
}

TEST(Config, EveryKindOfFieldFromAFile) {
  const Config config = right(TestInput(R"(
shop:
  database: "sqlite: shop.db"
  password: s3cret
  tags: [x, "y, z"]
  labels: {team: blue, "10": ten}
  shelves:
    left: {name: bread}
    right:
      name: milk
      boards: 5
  annexes:
    - name: north
      boards: 7
    - {name: south}
  counter: {name: front}
  discount: 0.5
  floor: -2
  opening: 2m
  cellar: 64KiB
  colour: RED
  guards: 0
  open: false
  main_shelf:
    boards: 9
    name: centre
  lamps: []
  lunch: 1h
)"));
  const Shop& shop = config.get<Shop>();
  EXPECT_EQ(shop.database(), "sqlite: shop.db");
  EXPECT_EQ(shop.password(), "s3cret");
  EXPECT_THAT(shop.tags(), ElementsAre("x", "y, z"));
  EXPECT_EQ(shop.labels().at("team"), "blue");
  EXPECT_EQ(shop.labels().at("10"), "ten");
  EXPECT_EQ(shop.shelves().at("left").name(), "bread");
  EXPECT_EQ(shop.shelves().at("left").boards(), 3u);  // defaults hold inside maps
  EXPECT_EQ(shop.shelves().at("right").boards(), 5u);
  ASSERT_EQ(shop.annexes_size(), 2);
  EXPECT_EQ(shop.annexes(0).boards(), 7u);
  EXPECT_EQ(shop.annexes(1).boards(), 3u);  // and inside lists
  EXPECT_EQ(shop.counter().name(), "front");
  EXPECT_EQ(shop.counter().boards(), 3u);
  EXPECT_DOUBLE_EQ(shop.discount(), 0.5);
  EXPECT_EQ(shop.floor(), -2);
  EXPECT_EQ(shop.opening().seconds(), 120);
  EXPECT_EQ(shop.cellar(), 65536u);
  EXPECT_EQ(shop.colour(), app::testing::COLOUR_RED);
  EXPECT_TRUE(shop.has_guards());
  EXPECT_FALSE(shop.open());
  EXPECT_EQ(shop.main_shelf().boards(), 9u);
  EXPECT_EQ(shop.lamps_size(), 0);
  EXPECT_EQ(shop.lunch().seconds(), 3600);
}

TEST(Config, DefaultsOfAnApplication) {
  const Config config = right(TestInput("shop: {database: d, main_shelf: {name: m}}\n"));
  const Shop& shop = config.get<Shop>();
  EXPECT_THAT(shop.tags(), ElementsAre("red", "green"));
  EXPECT_DOUBLE_EQ(shop.discount(), 0.25);
  EXPECT_EQ(shop.opening().seconds(), 90);
  EXPECT_EQ(shop.colour(), app::testing::COLOUR_GREEN);
  EXPECT_TRUE(shop.open());
  EXPECT_FALSE(shop.has_guards());
  EXPECT_FALSE(shop.has_lunch());
  EXPECT_EQ(shop.till_case(), Shop::TILL_NOT_SET);
  EXPECT_EQ(shop.main_shelf().boards(), 3u);
}

TEST(Config, ListsMapsAndMessagesInFlagsAndEnvironment) {
  const Config config = right(TestInput("shop: {database: d, tags: [old], main_shelf: {name: m}}\n")
                                  .variable("PINTLE_SHOP__TAGS", "a,b")
                                  .variable("PINTLE_SHOP__LABELS", "{team: blue}")
                                  .variable("PINTLE_SHOP__MAIN_SHELF__BOARDS", "8")
                                  .flag("--shop.annexes=[{name: north}, {name: south, boards: 1}]")
                                  .flag("--shop.lamps=[1, 2]")
                                  .flag("--shop.counter.name=front"));
  const Shop& shop = config.get<Shop>();
  EXPECT_THAT(shop.tags(), ElementsAre("a", "b"));
  EXPECT_EQ(shop.labels().at("team"), "blue");
  EXPECT_EQ(shop.main_shelf().boards(), 8u);
  EXPECT_EQ(shop.main_shelf().name(), "m");
  EXPECT_EQ(shop.annexes(1).boards(), 1u);
  EXPECT_THAT(shop.lamps(), ElementsAre(1u, 2u));
  EXPECT_EQ(shop.counter().name(), "front");
  EXPECT_EQ(shop.counter().boards(), 3u);
  EXPECT_EQ(config.origin("shop.annexes"), "--shop.annexes");
}

TEST(Config, FlagsOfTruth) {
  const TestInput base("shop: {database: d, open: false, main_shelf: {name: m}}\n");
  EXPECT_TRUE(right(TestInput(base).flag("--shop.open")).get<Shop>().open());
  EXPECT_TRUE(right(TestInput(base).flag("--shop.open").flag("true")).get<Shop>().open());
  EXPECT_TRUE(right(TestInput(base).flag("--shop.open").flag("--shop.floor=1")).get<Shop>().open());
  EXPECT_FALSE(
      right(TestInput(base).flag("--shop.open").flag("--shop.open=false")).get<Shop>().open());  // the later counts
}

TEST(Config, CompressionIsWrittenAsTheNameOfItsCoding) {
  const Config config = own(TestInput("server: {compression: gzip}\n").flag("--client.compression=zstd"));
  EXPECT_EQ(config.get<Server>().compression(), config::v1::COMPRESSION_GZIP);
  EXPECT_EQ(config.get<Client>().compression(), config::v1::COMPRESSION_ZSTD);
}

TEST(Config, AValueMayBeTakenBack) {
  EXPECT_FALSE(own(TestInput().flag("--client.timeout").flag("none")).get<Client>().has_timeout());
  EXPECT_EQ(
      right(TestInput("shop: {database: d, main_shelf: {name: m}}\n").flag("--shop.tags=")).get<Shop>().tags_size(), 0);
}

TEST(Config, VariablesOfOthersAreLeftAlone) {
  // What Kubernetes sets for a Service named pintle.
  const Config config = own(TestInput()
                                .variable("PINTLE_SERVICE_HOST", "10.0.0.1")
                                .variable("PINTLE_PORT", "tcp://10.0.0.1:50051")
                                .variable("PINTLE_PORT_50051_TCP_ADDR", "10.0.0.1")
                                .variable("HOME__PINTLE", "x"));
  EXPECT_EQ(config.get<Server>().port(), 50051u);
}

TEST(Config, AnEmptyFileIsRight) {
  for (const char* text : {"", "# nothing\n", "server:\n", "---\n"}) {
    EXPECT_EQ(own(TestInput(text)).get<Server>().port(), 50051u) << text;
  }
}

TEST(Config, PrintedConfigurationNamesOrigins) {
  const std::string yaml =
      own(TestInput("server:\n  port: 0\n").variable("PINTLE_LOG__LEVEL", "debug").flag("--client.timeout=250ms"))
          .to_yaml();
  EXPECT_THAT(yaml, HasSubstr("server:\n  host: 0.0.0.0  # default\n  port: 0  # shop.yaml:2\n"));
  EXPECT_THAT(yaml, HasSubstr("  max_receive_message_bytes: 4MiB  # default\n"));
  EXPECT_THAT(yaml, HasSubstr("  keepalive:\n    time: 2h  # default\n"));
  EXPECT_THAT(yaml, HasSubstr("    max_connection_idle: none  # default\n"));
  EXPECT_THAT(yaml, HasSubstr("  level: debug  # PINTLE_LOG__LEVEL\n"));
  EXPECT_THAT(yaml, HasSubstr("client:\n  timeout: 250ms  # --client.timeout\n"));
}

TEST(Config, SecretsAreMasked) {
  const std::string yaml =
      right(TestInput("shop: {database: d, password: s3cret, pin: 1234, main_shelf: {name: m}}\n")).to_yaml();
  EXPECT_THAT(yaml, HasSubstr("  password: \"********\"  # shop.yaml:1\n"));
  EXPECT_THAT(yaml, HasSubstr("  pin: \"********\""));
  EXPECT_THAT(yaml, Not(HasSubstr("s3cret")));
  EXPECT_THAT(yaml, Not(HasSubstr("1234")));
}

TEST(Config, PrintedConfigurationCanBeReadBack) {
  const Config first = right(TestInput(R"(
shop:
  database: "true"
  tags: ["a b", "with \"quotes\" \\ and\ttab", "- x", "", "null", "#no comment", "1", "caf\u00e9", "k: v"]
  labels: {"a b": "x: y", z: "", "on": "{}"}
  shelves: {left: {name: bread, boards: 2}}
  annexes: [{name: north}, {name: "s: outh"}]
  drawer: "'"
  floor: -1
  discount: 0.1
  main_shelf: {name: m}
  lamps: [3, 2, 1]
  opening: 1500ms
)"));
  const Config second =
      right(TestInput(first.to_yaml().replace(first.to_yaml().find("pin: \"********\""), 15, "pin: 0")));
  EXPECT_EQ(first.get<Shop>().DebugString(), second.get<Shop>().DebugString()) << first.to_yaml();
  EXPECT_EQ(first.get<Server>().DebugString(), second.get<Server>().DebugString());
  EXPECT_EQ(first.get<Client>().DebugString(), second.get<Client>().DebugString());
}

TEST(Config, SectionsAreFoundByKey) {
  const Config config = right(TestInput("shop: {database: d, main_shelf: {name: m}}\n"));
  EXPECT_EQ(config.find("shop"), &config.get<Shop>());
  EXPECT_EQ(config.find("nothing"), nullptr);
}

TEST(Configure, AsksEndTheProcess) {
  const auto ask = [](const char* flag) {
    const auto config = configure("shop", "1.2.3", shop_sections(),
                                  TestInput("shop: {database: d, main_shelf: {name: m}}\n").flag(flag).get());
    EXPECT_FALSE(config.has_value()) << flag;
    EXPECT_EQ(config.error().code, 0);
    EXPECT_EQ(config.error().err, "");
    return config.error().out;
  };
  EXPECT_EQ(ask("--version"), "shop 1.2.3\n");
  EXPECT_EQ(ask("--check-config"), "the configuration is valid\n");
  EXPECT_THAT(ask("--print-config"), HasSubstr("  database: d  # shop.yaml:1\n"));
  EXPECT_THAT(ask("--help"),
              HasSubstr("--server.port  (whole number; 50051)\n      TCP port; 0 lets the system pick one"));
  EXPECT_THAT(ask("-h"), HasSubstr("--shop.database  (text; must be set)\n      where the shop keeps its stock"));
  EXPECT_THAT(ask("--help"), HasSubstr("--shop.tags  (list of text; [red, green])\n"));
  EXPECT_THAT(ask("--print-reference"),
              AllOf(HasSubstr("# Configuration of shop\n"),
                    HasSubstr("| `server.port` | whole number, at most 65535 | `50051` | TCP port; 0 lets"),
                    HasSubstr("| `shop.database` | text | `must be set` | where the shop keeps its stock |\n"),
                    HasSubstr("Each entry of `limits.rates`:\n\n| key | takes | default | what |\n|---|---|---|---|\n"
                              "| `name` | text | `must be set` | ")));
  EXPECT_THAT(ask("--help"), HasSubstr("[{name, pattern, per_second, burst, key, max_keys}]\n"));
}

TEST(Configure, HelpAndVersionWorkWhateverIsBroken) {
  const TestInput broken("server: [\n");
  EXPECT_EQ(configure("shop", "1", shop_sections(), TestInput(broken).flag("--help").get()).error().code, 0);
  EXPECT_EQ(configure("shop", "1", shop_sections(), TestInput(broken).flag("--print-reference").get()).error().code, 0);
  EXPECT_EQ(configure("shop", "1", shop_sections(), TestInput(broken).flag("--version").get()).error().code, 0);
  EXPECT_EQ(configure("shop", "1", shop_sections(), TestInput(broken).flag("--check-config").get()).error().code, 2);
}

TEST(Configure, EveryErrorIsShownAtOnceWithTheProgramsName) {
  const auto config = configure("shop", "1", shop_sections(),
                                TestInput("server:\n  prot: 1\n  threads: many\n").flag("--log.level=loud").get());
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().code, 2);
  EXPECT_EQ(config.error().out, "");
  EXPECT_EQ(
      config.error().err,
      "shop: shop.yaml:2:3: server.prot: unknown key; did you mean server.port?\n"
      "shop: shop.yaml:3:12: server.threads: 'many' is not a whole number; write a number\n"
      "shop: --log.level: log.level: 'loud' is not one of debug, info, warn, error; write one of debug, info, warn, "
      "error\n"
      "shop: configuration: shop.database: must be set (where the shop keeps its stock); write it in the file, as "
      "PINTLE_SHOP__DATABASE or as --shop.database\n"
      "shop: configuration: shop.main_shelf.name: must be set; write it in the file, as "
      "PINTLE_SHOP__MAIN_SHELF__NAME or as --shop.main_shelf.name\n");
}

TEST(Configure, ARightConfigurationRuns) {
  const auto config =
      configure("shop", "1", shop_sections(), TestInput("shop: {database: d, main_shelf: {name: m}}\n").get());
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->get<Shop>().database(), "d");
}

}  // namespace
}  // namespace pintle
