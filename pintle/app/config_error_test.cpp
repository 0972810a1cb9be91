// Every way in which a configuration can be wrong, and what the user reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/app/config/test_input.hpp>

namespace pintle {
namespace {

using app::testing::shop_sections;
using app::testing::TestInput;

// The errors about what was written; what must be set and is not has a test of its own.
std::vector<std::string> errors(const TestInput& input) {
  const auto config = Config::parse(shop_sections(), input.get());
  std::vector<std::string> lines;
  if (config) return lines;
  for (const ConfigError& error : config.error()) {
    if (!error.where.empty()) lines.push_back(error.to_string());
  }
  return lines;
}

struct Row {
  const char* text;
  const char* error;
};

TEST(ConfigErrors, OfAFile) {
  const Row rows[] = {
      // Unknown keys.
      {"server:\n  prot: 1\n", "shop.yaml:2:3: server.prot: unknown key; did you mean server.port?"},
      {"server:\n  keepalive: {tmie: 1s}\n",
       "shop.yaml:2:15: server.keepalive.tmie: unknown key; did you mean server.keepalive.time?"},
      {"sevrer:\n  port: 1\n", "shop.yaml:1:1: sevrer: unknown key; did you mean server?"},
      {"port: 1\n", "shop.yaml:1:1: port: unknown key; did you mean admin.port or server.port?"},
      {"server:\n  maxConnections: 1\n",
       "shop.yaml:2:3: server.maxConnections: unknown key; did you mean server.max_connections?"},
      {"server:\n  unix-socket: /s\n",
       "shop.yaml:2:3: server.unix-socket: unknown key; did you mean server.unix_socket?"},
      {"log:\n  colour: red\n", "shop.yaml:2:3: log.colour: unknown key; did you mean shop.colour?"},
      {"log:\n  whatever: 1\n", "shop.yaml:2:3: log.whatever: unknown key; known keys: log.format, log.level"},
      {"zzz: 1\n",
       "shop.yaml:1:1: zzz: unknown key; known keys: admin, client, clients, limits, log, security, server, shop, "
       "telemetry"},
      {"shop:\n  annexes:\n    - name: a\n      bords: 1\n",
       "shop.yaml:4:7: shop.annexes[0].bords: unknown key; known keys: "},

      // Wrong types.
      {"server:\n  port: abc\n",
       "shop.yaml:2:9: server.port: 'abc' is not a whole number; write a number, such as 50051"},
      {"server:\n  port: 1.5\n", "shop.yaml:2:9: server.port: '1.5' is not a whole number"},
      {"server:\n  port: -1\n", "shop.yaml:2:9: server.port: '-1' is not a whole number"},
      {"server:\n  port: ''\n", "shop.yaml:2:9: server.port: '' is not a whole number"},
      {"server:\n  port: [1]\n",
       "shop.yaml:2:9: server.port: is a whole number, and holds a list; write a single value"},
      {"server:\n  port: {a: 1}\n",
       "shop.yaml:2:9: server.port: is a whole number, and holds keys; write a single value"},
      {"server:\n  port:\n", "shop.yaml:2:3: server.port: has no value; write a whole number, or leave the key out"},
      {"server:\n  shutdown_grace: 5\n",
       "shop.yaml:2:19: server.shutdown_grace: '5' is not a duration; write a number with a unit, such as 250ms, 5s or "
       "2m"},
      {"server:\n  shutdown_grace: none\n",
       "shop.yaml:2:19: server.shutdown_grace: 'none' is not a duration; write a number"},
      {"server:\n  shutdown_grace: -5s\n", "server.shutdown_grace: '-5s' is not a duration"},
      {"client:\n  timeout: soon\n",
       "shop.yaml:2:12: client.timeout: 'soon' is not a duration; write a number with a unit, such as 250ms, 5s or 2m, "
       "or none"},
      {"server:\n  max_receive_message_bytes: 4 potatoes\n",
       "'4 potatoes' is not a size; write a number of bytes, such as 65536, 64KiB or 4MiB"},
      {"shop: {open: yes}\n", "shop.yaml:1:14: shop.open: 'yes' is not true or false; write true or false"},
      {"log: {level: loud}\n",
       "shop.yaml:1:14: log.level: 'loud' is not one of debug, info, warn, error; write one of debug, info, warn, "
       "error"},
      {"log: {level: unspecified}\n", "log.level: 'unspecified' is not one of"},
      {"shop: {discount: .nan}\n", "shop.yaml:1:18: shop.discount: '.nan' is not a number"},
      {"shop: {discount: inf}\n", "shop.discount: 'inf' is not a number"},
      {"shop: {tags: red}\n",
       "shop.yaml:1:14: shop.tags: is a list, and holds a single value; write [a, b], or one line '- a' for each"},
      {"shop: {lamps: [1, x]}\n", "shop.yaml:1:19: shop.lamps[1]: 'x' is not a whole number"},
      {"shop: {labels: [a]}\n", "shop.yaml:1:16: shop.labels: is a map, and holds a list"},
      {"shop: {labels: {a: [b]}}\n", "shop.yaml:1:20: shop.labels.a: is a text, and holds a list"},
      {"shop: {shelves: {a: {boards: x}}}\n", "shop.yaml:1:30: shop.shelves.a.boards: 'x' is not a whole number"},
      {"server: 50051\n",
       "shop.yaml:1:9: server: is a section with keys of its own, and holds a single value; known keys: "},
      {"server: {keepalive: [1]}\n", "server.keepalive: is a section with keys of its own, and holds a list"},
      {"- server\n",
       "shop.yaml:1:1: the file must consist of keys, and holds a list; start with a line such as server:"},
      {"? [a]\n: 1\n", "shop.yaml:1:3: a key must be a word, and is a list"},

      // Keys that come twice.
      {"server:\n  port: 1\n  port: 2\n",
       "shop.yaml:3:3: server.port: the key comes twice (first on line 2); keep one of them"},
      {"log: {}\nserver: {}\nlog: {}\n", "shop.yaml:3:1: log: the key comes twice (first on line 1)"},
      {"shop:\n  labels:\n    a: 1\n    a: 2\n", "shop.yaml:4:5: shop.labels.a: the key comes twice (first on line 3)"},
      {"shop: {drawer: d, counter: {name: c}}\n",
       "shop.yaml:1:19: shop.counter: can't stand beside drawer; keep one of them"},

      // Broken rules.
      {"server:\n  port: 65536\n",
       "shop.yaml:2:9: server.port: '65536' is too large; write a whole number from 0 to 65535"},
      {"server:\n  workers: 0\n", "server.workers: '0' is too small; write a whole number from 1 to 4096"},
      {"server:\n  max_connections: 4294967296\n",
       "'4294967296' is too large; write a whole number from 1 to 4294967295"},
      {"server:\n  port: 99999999999999999999\n", "'99999999999999999999' is not a whole number"},
      {"shop: {floor: 10}\n", "shop.floor: '10' is too large; write a whole number from -2 to 9"},
      {"shop: {floor: -3}\n", "shop.floor: '-3' is too small; write a whole number from -2 to 9"},
      {"shop: {opening: 2h}\n", "shop.opening: '2h' is too large; write a duration from 1s to 1h"},
      {"shop: {cellar: 1023}\n", "shop.cellar: '1023' is too small; write a size from 1KiB to 1GiB"},
      {"shop: {discount: 0.51}\n", "shop.discount: '0.51' is too large; write a number from 0 to 0.5"},
      {"client: {keepalive: {time: 9s}}\n",
       "client.keepalive.time: '9s' is too small; write a duration of at least 10s"},

      // Not YAML at all.
      {"server:\n  port: [1\n", "shop.yaml:3:1: this is not YAML: "},
      {"server:\n\tport: 1\n", "shop.yaml:2:"},
      {"a: 1\n---\nb: 2\n", "shop.yaml:2:1: this is not YAML: several documents; keep one, and remove the lines ---"},
      {"{server: {port: 1}} x\n", "shop.yaml:1:21: this is not YAML: this text belongs to nothing"},
      {"]\n", "shop.yaml:1:1: this is not YAML: "},
      {", a\n", "shop.yaml:1:1: this is not YAML: this text belongs to nothing"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(errors(TestInput(row.text)), ::testing::ElementsAre(::testing::HasSubstr(row.error))) << row.text;
  }
}

TEST(ConfigErrors, OfTheEnvironment) {
  struct Variable {
    const char *name, *value, *error;
  };
  for (const Variable& v : {
           Variable{"PINTLE_SERVER__PROT", "1", "PINTLE_SERVER__PROT: unknown key; did you mean PINTLE_SERVER__PORT?"},
           {"PINTLE_SERVER__KEEPALIVE", "1",
            "PINTLE_SERVER__KEEPALIVE: server.keepalive: is a section, not a value; known keys: "
            "PINTLE_SERVER__KEEPALIVE__"},
           {"PINTLE_server__port", "1", "PINTLE_server__port: unknown key; did you mean PINTLE_SERVER__PORT?"},
           {"PINTLE_SERVER__PORT", "abc", "PINTLE_SERVER__PORT: server.port: 'abc' is not a whole number"},
           {"PINTLE_SERVER__PORT", "", "PINTLE_SERVER__PORT: server.port: '' is not a whole number"},
           {"PINTLE_SERVER__PORT", " 1", "PINTLE_SERVER__PORT: server.port: ' 1' is not a whole number"},
           {"PINTLE_SERVER__HOST", "h\xFF",
            "PINTLE_SERVER__HOST: server.host: 'h\xEF\xBF\xBD' is not a text; write UTF-8"},
           {"PINTLE_SHOP__LAMPS", "1,x", "PINTLE_SHOP__LAMPS: shop.lamps: 'x' is not a whole number"},
           {"PINTLE_SHOP__LABELS", "team", "PINTLE_SHOP__LABELS: shop.labels: is a map, and holds a single value"},
           {"PINTLE_SHOP__LABELS", "{a: 1, a: 2}", "PINTLE_SHOP__LABELS: shop.labels.a: the key comes twice; keep one"},
           {"PINTLE_SHOP__LABELS", "{a", "PINTLE_SHOP__LABELS: shop.labels: this is not YAML: "},
       }) {
    EXPECT_THAT(errors(TestInput().variable(v.name, v.value)), ::testing::ElementsAre(::testing::StartsWith(v.error)));
  }
}

TEST(ConfigErrors, OfFlags) {
  const Row rows[] = {
      {"--server.prot=1", "--server.prot: unknown flag; did you mean --server.port?"},
      {"--port=1", "--port: unknown flag; did you mean --admin.port or --server.port?"},
      {"--server=1", "--server: server: is a section, not a value; known keys: --server."},
      {"--server.port", "--server.port: server.port: needs a value; write --server.port VALUE or --server.port=VALUE"},
      {"--server.port=x", "--server.port: server.port: 'x' is not a whole number"},
      {"--server.port=70000", "--server.port: server.port: '70000' is too large; write a whole number from 0 to 65535"},
      {"--shop.open=perhaps", "--shop.open: shop.open: 'perhaps' is not true or false"},
      {"server.port=1", "server.port=1: is no flag; write --key value or --key=value; --help lists the keys"},
      {"-p", "-p: is no flag"},
      {"--", "--: is no flag"},
      {"--config", "--config: needs a file; write --config FILE"},
      {"--config=", "--config: needs a file"},
      {"--config=gone.yaml", "gone.yaml: can't be read: no such file; check --config"},
      {"--help=yes", "--help: takes no value; write --help alone"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(errors(TestInput().flag(row.text)), ::testing::ElementsAre(::testing::StartsWith(row.error)))
        << row.text;
  }
}

TEST(ConfigErrors, AFlagIsNotTakenForTheValueOfTheOneBefore) {
  EXPECT_THAT(errors(TestInput().flag("--server.port").flag("--server.threads=2")),
              ::testing::ElementsAre(::testing::StartsWith("--server.port: server.port: needs a value")));
}

TEST(ConfigErrors, TwoFilesAreOneTooMany) {
  EXPECT_THAT(errors(TestInput("").flag("--config=other.yaml")),
              ::testing::ElementsAre("--config: comes twice; name one file"));
}

TEST(ConfigErrors, SecretsAreNotShown) {
  for (const char* text : {"shop: {pin: hunter2}\n", "shop: {pin: 12345}\n"}) {
    const auto lines = errors(TestInput(text));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_THAT(lines[0], ::testing::HasSubstr("shop.pin: the value (a secret) is "));
    EXPECT_THAT(lines[0], ::testing::Not(::testing::ContainsRegex("hunter2|12345")));
  }
}

TEST(ConfigErrors, AWrongValueBelowAHigherOneIsStillWrong) {
  EXPECT_EQ(errors(TestInput("server: {port: x}\n").flag("--server.port=1")).size(), 1u);
}

TEST(ConfigErrors, WhatMustBeSetInsideAList) {
  const auto config = Config::parse(
      shop_sections(), TestInput("shop: {database: d, main_shelf: {name: m}, annexes: [{boards: 1}]}\n").get());
  ASSERT_FALSE(config.has_value());
  ASSERT_EQ(config.error().size(), 1u);
  EXPECT_EQ(config.error()[0].to_string(), "configuration: shop.annexes[0].name: must be set; write it in the file");
}

TEST(ConfigErrors, AValueThatIsWrongIsNotAlsoMissing) {
  const auto config =
      Config::parse(shop_sections(), TestInput("shop:\n  database: [d]\n  main_shelf: {name: m}\n").get());
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().size(), 1u);
}

}  // namespace
}  // namespace pintle
