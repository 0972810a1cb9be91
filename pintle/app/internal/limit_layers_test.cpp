#include <pintle/app/internal/limit_layers.hpp>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::expected<std::vector<std::string>, std::vector<std::string>> names(const std::string& yaml) {
  ConfigInput input;
  input.argument("--config=items.yaml");
  input.files([&](const std::string&) { return yaml; });
  const auto texts = [](const std::vector<ConfigError>& errors) {
    std::vector<std::string> all;
    for (const ConfigError& error : errors) all.push_back(error.to_string());
    return all;
  };
  auto config = Config::parse({}, input);
  if (!config) return std::unexpected(texts(config.error()));
  const auto layers = limit_layers(*config);
  if (!layers) return std::unexpected(texts(layers.error()));
  std::vector<std::string> all;
  for (const auto& layer : *layers) all.emplace_back(layer->name());
  return all;
}

TEST(LimitLayers, AreThoseThatAreAskedFor) {
  EXPECT_THAT(names("server: {port: 1}").value(), IsEmpty());
  EXPECT_THAT(names("limits: {default_deadline: 30s}").value(), ElementsAre("deadline"));
  EXPECT_THAT(names("limits: {max_concurrent_calls: 10}").value(), ElementsAre("concurrency"));
  EXPECT_THAT(names("limits: {adaptive: {enabled: true}, shares: [{pattern: /a/*, share: 0.5}]}").value(),
              ElementsAre("concurrency"));
  EXPECT_THAT(names("limits: {methods: [{pattern: /a/*, max_receive_message_bytes: 1KiB}]}").value(),
              ElementsAre("message_size"));
  EXPECT_THAT(names("limits: {rates: [{name: a, per_second: 10, key: 'metadata:x-tenant'}]}").value(),
              ElementsAre("rate_limit"));
}

TEST(LimitLayers, WhatDoesNotFitIsSaidWithItsKey) {
  EXPECT_THAT(names("limits: {shares: [{pattern: /a/*, share: 0.5}]}").error(),
              ElementsAre(HasSubstr("limits.shares: are parts of a room that has no limit")));
  EXPECT_THAT(
      names("limits: {max_concurrent_calls: 1, shares: [{pattern: a, share: 0.6}, {pattern: b, share: 0.6}]}").error(),
      ElementsAre(HasSubstr("more than the whole")));
  EXPECT_THAT(
      names("limits: {rates: [{name: a, per_second: 1, key: user}, {name: a, per_second: 1}]}").error(),
      ElementsAre(HasSubstr("limits.rates[0].key: 'user'"), HasSubstr("limits.rates[1].name: 'a' comes twice")));
  EXPECT_THAT(names("limits: {rates: [{name: a, per_second: 0}]}").error(), ElementsAre(HasSubstr("per_second")));
  EXPECT_THAT(names("limits: {adaptive: {enabled: true, min: 10, max: 5}}").error(),
              ElementsAre(HasSubstr("limits.adaptive.min")));
}

}  // namespace
}  // namespace pintle
