#include <pintle/telemetry/otlp/resource.hpp>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;

TEST(Resource, SaysWhatTheTextSaysAndTheServicesNameOverIt) {
  const Resource resource =
      make_resource("items", "deployment.environment.name=prod, team = shop%2Cfront ,broken,=x,service.name=other,a=");
  EXPECT_THAT(resource.attributes, Contains(Pair("deployment.environment.name", "prod")));
  EXPECT_THAT(resource.attributes, Contains(Pair("team", "shop,front")));
  EXPECT_THAT(resource.attributes, Contains(Pair("a", "")));
  EXPECT_THAT(resource.attributes, Contains(Pair("service.name", "items")));
  EXPECT_THAT(resource.attributes, Not(Contains(Pair("service.name", "other"))));
  EXPECT_THAT(resource.attributes, Contains(Pair("telemetry.sdk.name", "pintle")));
  EXPECT_THAT(make_resource("", "service.name=other").attributes, Contains(Pair("service.name", "other")));
}

}  // namespace
}  // namespace pintle
