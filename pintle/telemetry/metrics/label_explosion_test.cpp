// What strangers ask for must not become labels.
#include <string>

#include <gtest/gtest.h>

#include <pintle/rpc/pipe.hpp>
#include <pintle/telemetry/metrics/metric_registry.hpp>
#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

Task<Status> ask(Channel& channel, std::string path) {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = path;
  info.kind = Kind::bidi;
  Pipe up(nullptr), down(nullptr);
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  co_return co_await channel.method(info)(call).in({env.loop, &call.scope, &call});
}

TEST(LabelExplosion, UnknownPathsAreOneSeriesHoweverManyThereAre) {
  MetricRegistry registry;
  ServerOptions options;
  options.meters = Meters(&registry);
  testing::InMemoryServer server(options);
  server.server().add_layer(std::make_shared<RpcMetricsLayer>());
  const auto channel = server.channel();
  const auto series = [&] {
    std::size_t n = 0;
    for (const MetricFamily& family : registry.gather()) n += family.points.size();
    return n;
  };
  EXPECT_EQ(server.loop().run(ask(*channel, "/first.v1.S/M")).code(), Code::unimplemented);
  const std::size_t before = series();
  constexpr int kPaths = 5'000;
  for (int i = 0; i < kPaths; ++i)
    EXPECT_EQ(server.loop().run(ask(*channel, "/s" + std::to_string(i) + ".v1.S/M")).code(), Code::unimplemented);
  EXPECT_EQ(series(), before);
  for (const MetricFamily& family : registry.gather())
    if (family.name == "grpc.server.call.started") EXPECT_EQ(family.points.at(0).value, kPaths + 1);
}

}  // namespace
}  // namespace pintle
