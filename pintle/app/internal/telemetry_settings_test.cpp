#include <pintle/app/internal/telemetry_settings.hpp>

#include <map>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct TelemetrySettingsTest : ::testing::Test {
  std::expected<TelemetrySettings, std::vector<ConfigError>> read(std::vector<std::string> flags = {}) {
    ConfigInput input;
    for (std::string& flag : flags) input.argument(std::move(flag));
    const Config config = Config::parse({}, input).value();
    return telemetry_settings("items", config, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found != variables.end() ? std::optional(found->second) : std::nullopt;
    });
  }
  std::map<std::string, std::string> variables;
};

TEST_F(TelemetrySettingsTest, WithoutAnythingIdsTravelAndNothingIsExported) {
  const TelemetrySettings s = read().value();
  EXPECT_TRUE(s.tracing);
  EXPECT_EQ(s.target, "");
  EXPECT_EQ(s.otlp.schedule_delay, 5s);
  EXPECT_EQ(s.max_queue, 2048u);
  EXPECT_THAT(s.resource.attributes, Contains(Pair("service.name", "items")));
  EXPECT_THAT(s.ignored, IsEmpty());
}

TEST_F(TelemetrySettingsTest, TheEnvironmentOfOpenTelemetryCounts) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317/"},
               {"OTEL_EXPORTER_OTLP_HEADERS", "API-Key=k, tenant=7"},
               {"OTEL_EXPORTER_OTLP_TIMEOUT", "1500"},
               {"OTEL_BSP_SCHEDULE_DELAY", "200"},
               {"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
               {"OTEL_TRACES_SAMPLER", "traceidratio"},
               {"OTEL_TRACES_SAMPLER_ARG", "0"},
               {"OTEL_SERVICE_NAME", "shop"},
               {"OTEL_RESOURCE_ATTRIBUTES", "team=a"}};
  const TelemetrySettings s = read().value();
  EXPECT_EQ(s.target, "collector:4317");
  EXPECT_FALSE(s.tls);
  EXPECT_THAT(s.request.headers, ElementsAre(Pair("api-key", "k"), Pair("tenant", "7")));
  EXPECT_EQ(s.request.timeout, 1500ms);
  EXPECT_EQ(s.otlp.schedule_delay, 200ms);
  EXPECT_EQ(s.max_queue, 100u);
  EXPECT_EQ(s.max_batch, 100u) << "no larger than the queue";
  EXPECT_FALSE(s.sampler.samples(nullptr, 1));
  EXPECT_THAT(s.resource.attributes, Contains(Pair("service.name", "shop")));
  EXPECT_THAT(s.resource.attributes, Contains(Pair("team", "a")));
}

TEST_F(TelemetrySettingsTest, AKeyThatSomebodySetWins) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:4317"}, {"OTEL_TRACES_SAMPLER", "always_off"}};
  const TelemetrySettings s =
      read({"--telemetry.otlp.endpoint=https://mine", "--telemetry.tracing.sampler=always_on"}).value();
  EXPECT_EQ(s.target, "mine:4317");
  EXPECT_TRUE(s.tls);
  EXPECT_TRUE(s.sampler.samples(nullptr, 1));
}

TEST_F(TelemetrySettingsTest, WhatIsWrongInTheEnvironmentIsIgnoredAndTold) {
  variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x"},
               {"OTEL_TRACES_SAMPLER", "maybe"},
               {"OTEL_PROPAGATORS", "jaeger"},
               {"OTEL_BSP_SCHEDULE_DELAY", "soon"},
               {"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
               {"OTEL_EXPORTER_OTLP_HEADERS", "x"}};
  const TelemetrySettings s = read().value();
  EXPECT_EQ(s.ignored.size(), 6u);
  EXPECT_EQ(s.target, "");
  EXPECT_EQ(s.otlp.schedule_delay, 5s);
}

TEST_F(TelemetrySettingsTest, WhatIsWrongInTheConfigurationIsAnError) {
  for (const char* flag : {"--telemetry.otlp.endpoint=ftp://x", "--telemetry.otlp.endpoint=http://a/b",
                           "--telemetry.tracing.sampler=maybe", "--telemetry.tracing.propagators=[jaeger]",
                           "--telemetry.otlp.headers=[x]"}) {
    const auto read_it = read({flag});
    ASSERT_FALSE(read_it) << flag;
    EXPECT_EQ(read_it.error().size(), 1u);
  }
}

TEST_F(TelemetrySettingsTest, ItCanBeSwitchedOff) {
  EXPECT_FALSE(read({"--telemetry.tracing.enabled=false"})->tracing);
  variables = {{"OTEL_SDK_DISABLED", "true"}};
  EXPECT_FALSE(read()->tracing);
}

TEST_F(TelemetrySettingsTest, OtlpOverHttpHasUrlsAndAPortOfItsOwn) {
  variables = {{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector"}};
  const TelemetrySettings s = read().value();
  EXPECT_EQ(s.target, "");
  EXPECT_EQ(s.urls.traces, "http://collector:4318/v1/traces");
  const TelemetrySettings own =
      read({"--telemetry.otlp.protocol=http/protobuf", "--telemetry.otlp.endpoint=https://c:443/in/"}).value();
  EXPECT_EQ(own.urls.logs, "https://c:443/in/v1/logs");
  EXPECT_TRUE(own.exports());
  EXPECT_FALSE(read({"--telemetry.otlp.protocol=http/json"}));
  EXPECT_FALSE(read({"--telemetry.otlp.protocol=grpc", "--telemetry.otlp.endpoint=http://c:1/path"}));
}

TEST_F(TelemetrySettingsTest, WhatIsPushedBesideSpansIsSaid) {
  EXPECT_FALSE(read()->push_logs);
  variables = {{"OTEL_LOGS_EXPORTER", "otlp"}, {"OTEL_METRICS_EXPORTER", "otlp"}};
  EXPECT_TRUE(read()->push_logs);
  EXPECT_TRUE(read()->push_metrics);
  EXPECT_FALSE(read({"--telemetry.otlp.logs=false"})->push_logs);
  variables = {{"OTEL_LOGS_EXPORTER", "console"}};
  EXPECT_THAT(read()->ignored, ElementsAre("OTEL_LOGS_EXPORTER=console"));
}

}  // namespace
}  // namespace pintle
