// What holds for all configurations, not only for those of the tables.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/app/config/internal/quantity.hpp>
#include <pintle/app/config/internal/schema.hpp>
#include <pintle/app/config/test_input.hpp>
#include <pintle/wire/utf8.hpp>

namespace pintle::app {
namespace {

using testing::Shop;
using testing::shop_sections;
using testing::TestInput;

// Texts full of what means something in YAML.
rc::Gen<std::string> text() {
  return rc::gen::map(
      rc::gen::container<std::string>(rc::gen::oneOf(
          rc::gen::inRange<char>(0x20, 0x7F),
          rc::gen::element<char>(':', ' ', '#', '-', '"', '\'', '\\', '\n', '\t', '{', ']', ',', '&', '!', '%', '\x01',
                                 '\x7F', '\r', '~', '\xC3', '\xA9', '\xE2', '\x80', '\xA8'))),
      [](const std::string& bytes) { return wire::to_valid_utf8(bytes); });
}

RC_GTEST_PROP(ConfigProperty, WhatIsPrintedIsReadBack, ()) {
  const auto tags = *rc::gen::container<std::vector<std::string>>(text());
  const auto labels = *rc::gen::container<std::map<std::string, std::string>>(text(), text());
  const auto path = *text();
  TestInput input;
  input.flag("--shop.database=" + path + "d").flag("--shop.main_shelf.name=m");
  input.flag("--shop.floor=" + std::to_string(*rc::gen::inRange(-2, 10)));
  input.flag("--shop.cellar=" + std::to_string(*rc::gen::inRange(1 << 10, 1 << 30)));
  input.flag("--shop.opening=" + std::to_string(*rc::gen::inRange<std::int64_t>(1'000'000'000, 3'600'000'000'000)) +
             "ns");
  input.flag("--shop.discount=" + std::to_string(*rc::gen::inRange(0, 500'001)) + "e-6");
  const auto first = Config::parse(shop_sections(), input.get());
  RC_ASSERT(first.has_value());

  // Lists and maps of any text can't all be written as flags; put them in and print them.
  auto& shop = const_cast<Shop&>(first->get<Shop>());
  shop.clear_tags();
  for (const auto& tag : tags) shop.add_tags(tag);
  for (const auto& [key, value] : labels) (*shop.mutable_labels())[key] = value;

  std::string yaml = first->to_yaml();
  yaml.replace(yaml.find("pin: \"********\""), 15, "pin: 0");
  const auto second = Config::parse(shop_sections(), TestInput(yaml).get());
  if (!second) RC_FAIL(second.error().front().to_string() + "\n" + yaml);
  RC_ASSERT(second->get<Shop>().DebugString() == shop.DebugString());
}

RC_GTEST_PROP(ConfigProperty, AnyTextIsReadOrRefusedWithoutHarm, ()) {
  const std::string value = *text();
  TestInput input(*rc::gen::oneOf(text(), rc::gen::map(text(), [](const std::string& t) { return "server: " + t; })));
  for (const char* key :
       {"--server.port=", "--shop.labels=", "--shop.tags=", "--shop.annexes=", "--log.level=", "--"}) {
    input.flag(key + value);
  }
  input.variable("PINTLE_" + *text() + "__", value);
  const auto config = Config::parse(shop_sections(), input.get());
  RC_ASSERT(!config.has_value());  // the database is never set
  for (const ConfigError& error : config.error()) RC_ASSERT(!error.problem.empty());
}

RC_GTEST_PROP(ConfigProperty, QuantitiesComeBack, ()) {
  const auto nanoseconds = Duration(*rc::gen::positive<std::int64_t>());
  RC_ASSERT(parse_duration(format_duration(nanoseconds)) == nanoseconds);
  const auto bytes = *rc::gen::arbitrary<std::uint64_t>();
  RC_ASSERT(parse_size(format_size(bytes)) == bytes);
}

RC_GTEST_PROP(ConfigProperty, DistanceIsAMeasure, ()) {
  const auto a = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  const auto b = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
  RC_ASSERT((edit_distance(a, b) == 0) == (a == b));
  RC_ASSERT(edit_distance(a, b) <= std::max(a.size(), b.size()));
}

}  // namespace
}  // namespace pintle::app
