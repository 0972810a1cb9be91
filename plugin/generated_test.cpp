// What generated code does when it runs: a service and its stubs in all four kinds, over a channel of one process.
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/test_support/generated.pintle.hpp"
#include "test_support/calculator.hpp"
#include "test_support/direct_channel.hpp"
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::plugin {
namespace {

using ::plugin::test::Everything;
using ::plugin::test::Number;
using Api = ::plugin::test::Calculator;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Number number(std::int64_t value) {
  Number n;
  n.set_value(value);
  return n;
}

class Generated : public ::testing::TestWithParam<bool> {
 protected:
  pintle::testing::TestLoop loop_;
  Calculator service_;
  std::shared_ptr<DirectChannel> channel_ = std::make_shared<DirectChannel>(service_, loop_, GetParam());
  Api::Stub stub_{channel_};
};
INSTANTIATE_TEST_SUITE_P(Replies, Generated, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Pooled" : "ByValue"; });

TEST_P(Generated, AUnaryCallGivesTheResponse) {
  const Number request = number(21);
  const Result<Number> response = loop_.run(stub_.Double(request));
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->value(), 42);
}

TEST_P(Generated, AnErrorOfTheHandlerIsTheResult) {
  const Number request = number(-1);
  const Result<Number> response = loop_.run(stub_.Double(request));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error(), Status(Code::invalid_argument, "-1 is negative"));
}

// The rvalue form owns its request: the one that was passed is gone before the task starts.
TEST_P(Generated, ARequestMayBeMovedIn) {
  auto request = std::make_unique<Number>(number(5));
  auto call = stub_.Double(std::move(*request), CallOptions());
  request.reset();
  const Result<Number> response = loop_.run(std::move(call));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->value(), 10);
}

Task<void> call_every_kind(const Api::Stub& stub) {
  const auto tenant = [](std::string_view name) { return CallOptions().metadata("x-tenant", name); };
  const Number request = number(1);
  (void)co_await stub.Double(request, tenant("by reference"));
  (void)co_await stub.Double(number(1), tenant("moved in"));
  ServerStream<Number> down = co_await stub.CountTo(request, tenant("down"));
  (void)co_await down.finish();
  ClientStream<Number, Number> up = co_await stub.Sum(tenant("up"));
  (void)co_await up.finish();
  BidiStream<Number, Number> both = co_await stub.RunningSum(tenant("both"));
  (void)co_await both.finish();
}
TEST_P(Generated, OptionsReachTheCallInEveryForm) {
  loop_.run(call_every_kind(stub_));
  EXPECT_THAT(channel_->tenants(), ElementsAre("by reference", "moved in", "down", "up", "both"));
}

// EchoInto is overridden and Echo is not: with a pooled reply the former answers, without one there is nobody.
TEST_P(Generated, ThePooledFormAnswersWhereThereIsAPool) {
  Everything request;
  request.set_a_string("text");
  request.mutable_inner()->add_numbers(-7);
  const Result<Everything> response = loop_.run(stub_.Echo(request));
  if (!GetParam()) {
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code(), Code::unimplemented);
    return;
  }
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->SerializeAsString(), request.SerializeAsString());
}

TEST_P(Generated, AMethodThatNobodyOverridesIsUnimplementedByName) {
  const Result<Number> response = loop_.run(stub_.Missing(number(1)));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), Code::unimplemented);
  EXPECT_THAT(std::string(response.error().message()), HasSubstr("/plugin.test.Calculator/Missing"));
}

Task<std::vector<std::int64_t>> read_all(ServerStream<Number> stream, Status& end) {
  std::vector<std::int64_t> values;
  for (;;) {
    auto next = co_await stream.read();
    if (!next || *next == nullptr) break;
    values.push_back((*next)->value());
  }
  end = co_await stream.finish();
  co_return values;
}
Task<std::vector<std::int64_t>> count_to(const Api::Stub& stub, const Number& request, Status& end) {
  ServerStream<Number> stream = co_await stub.CountTo(request);
  co_return co_await read_all(std::move(stream), end);
}

TEST_P(Generated, AServerStreams) {
  Status end;
  EXPECT_THAT(loop_.run(count_to(stub_, number(4), end)), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(end, Status());
}

TEST_P(Generated, AServerStreamEndsWithTheStatusOfTheHandler) {
  Number request = number(2);
  request.set_note("fail at the end");
  Status end;
  EXPECT_THAT(loop_.run(count_to(stub_, request, end)), ElementsAre(1, 2));
  EXPECT_EQ(end, Status(Code::aborted, "as asked"));
}

Task<Status> open_missing(const Api::Stub& stub, const Number& request) {
  ServerStream<Number> stream = co_await stub.MissingStream(request);
  auto next = co_await stream.read();
  co_return next ? Status() : next.error();
}
TEST_P(Generated, AStreamThatNobodyOverridesIsUnimplemented) {
  EXPECT_EQ(loop_.run(open_missing(stub_, number(1))).code(), Code::unimplemented);
}

Task<Result<Number>> sum(const Api::Stub& stub, std::int64_t n) {
  ClientStream<Number, Number> stream = co_await stub.Sum();
  for (std::int64_t i = 1; i <= n; ++i) {
    const Number next = number(i);
    if (Status status = co_await stream.write(next); !status.ok()) break;
  }
  co_return co_await stream.finish();
}
TEST_P(Generated, AClientStreams) {
  const Result<Number> response = loop_.run(sum(stub_, 1000));
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->value(), 500'500);
}

Task<std::vector<std::int64_t>> converse(const Api::Stub& stub, Status& end) {
  std::vector<std::int64_t> heard;
  BidiStream<Number, Number> stream = co_await stub.RunningSum();
  for (std::int64_t i = 1; i <= 3; ++i) {
    const Number next = number(i);
    if (Status status = co_await stream.write(next); !status.ok()) break;
    auto answer = co_await stream.read();
    if (!answer || *answer == nullptr) break;
    heard.push_back((*answer)->value());
  }
  stream.close_writing();
  end = co_await stream.finish();
  co_return heard;
}
TEST_P(Generated, BothSidesStream) {
  Status end;
  EXPECT_THAT(loop_.run(converse(stub_, end)), ElementsAre(1, 3, 6));
  EXPECT_EQ(end, Status());
}

TEST_P(Generated, AStubResolvesEachMethodOnce) {
  const int before = channel_->resolved;
  EXPECT_EQ(before, static_cast<int>(Api::info().methods.size()));
  for (int i = 0; i < 3; ++i) (void)loop_.run(stub_.Double(number(1)));
  EXPECT_EQ(channel_->resolved, before);
}

TEST(GeneratedTables, SayWhatTheProtoSays) {
  const ServiceInfo& info = Api::info();
  EXPECT_EQ(info.name, "plugin.test.Calculator");
  EXPECT_EQ(Api::kName, info.name);
  EXPECT_EQ(info.file, "plugin/test_support/generated.proto");
  ASSERT_EQ(info.methods.size(), 7u);
  EXPECT_EQ(info.methods[0].path, "/plugin.test.Calculator/Double");
  EXPECT_EQ(info.methods[0].path, Api::kDoublePath);
  EXPECT_EQ(info.methods[0].service, Api::kName);
  EXPECT_EQ(info.methods[0].name, "Double");
  EXPECT_EQ(info.methods[0].idempotency, Idempotency::no_side_effects);
  EXPECT_EQ(info.methods[1].idempotency, Idempotency::unknown);
  EXPECT_EQ(info.methods[0].kind, Kind::unary);
  EXPECT_EQ(info.methods[1].kind, Kind::server_stream);
  EXPECT_EQ(info.methods[2].kind, Kind::client_stream);
  EXPECT_EQ(info.methods[3].kind, Kind::bidi);
  EXPECT_EQ(info.methods[6].request->name(), "plugin.test.Everything");
  EXPECT_EQ(info.methods[2].response->name(), "plugin.test.Number");
}

TEST(GeneratedService, HasAHandlerPerMethodAndNoMore) {
  Calculator service;
  EXPECT_EQ(&service.info(), &Api::info());
  for (std::size_t i = 0; i < service.info().methods.size(); ++i) EXPECT_NE(service.handler(i), nullptr);
  EXPECT_EQ(service.handler(service.info().methods.size()), nullptr);
}

// A name in code that is read before main() must be there already: constant initialisation, no order to get wrong.
constinit const std::string_view kPath = Api::kSumPath;
TEST(GeneratedNames, AreConstants) { EXPECT_EQ(kPath, "/plugin.test.Calculator/Sum"); }

}  // namespace
}  // namespace pintle::plugin
