#include <pintle/security/authz/authorization_layer.hpp>

#include <gmock/gmock.h>

#include <pintle/config/v1/policy.pb.h>
#include <pintle/security/v1/authorization.pb.h>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LayerDriver;
using ::testing::Not;
using testing::Script;

// Allows one principal.
AuthorizationPolicy allowing(const std::string& principal, const std::string& audit = "ON_DENY_AND_ALLOW") {
  config::v1::Policy policy;
  policy.set_name("p-" + principal);
  policy.mutable_audit_logging_options()->set_audit_condition(audit);
  auto& rule = *policy.add_allow_rules();
  rule.set_name("only-" + principal);
  rule.mutable_source()->add_principals(principal);
  return AuthorizationPolicy::compile(policy).value();
}

struct AuthorizationTest : ::testing::Test {
  LayerDriver& drive() {
    AuthorizationOptions options;
    options.policy = store;
    options.except = except;
    driver.emplace(Side::server, std::make_shared<AuthorizationLayer>(options));
    return *driver;
  }
  testing::DrivenCall& call_of(std::string_view subject) {
    auto& call = driver->call();
    call.call().set_identity(std::make_shared<const Identity>(Identity().subject(subject).issuer("id")));
    return call;
  }
  std::shared_ptr<PolicyStore> store = std::make_shared<PolicyStore>(allowing("anna"));
  std::vector<std::string> except;
  std::optional<LayerDriver> driver;
};

TEST_F(AuthorizationTest, OnlyThoseWhoMayReachTheHandler) {
  drive();
  EXPECT_EQ(call_of("anna").start().status(), Status());
  EXPECT_EQ(driver->reached(), 1u);
  const Status refused = call_of("bert").start().status();
  EXPECT_EQ(refused, Status(Code::permission_denied, "the caller may not call this method"));
  EXPECT_EQ(driver->call().start().status(), refused) << "nobody";
  EXPECT_EQ(driver->reached(), 1u);
  EXPECT_EQ(driver->meter.value("pintle.authorization{rpc.method=/test.v1.Test/Call,result=denied}"), 2);
}

TEST_F(AuthorizationTest, BothOutcomesLeaveAnAuditLine) {
  drive();
  call_of("anna").start();
  call_of("bert").start();
  EXPECT_THAT(
      driver->log.lines(),
      ElementsAre(AllOf(HasSubstr("audit"), HasSubstr("principal=anna"), HasSubstr("issuer=id"),
                        HasSubstr("policy_name=p-anna"), HasSubstr("matched_rule=only-anna"),
                        HasSubstr("authorized=true"), HasSubstr("rpc_method=/test.v1.Test/Call")),
                  AllOf(HasSubstr("principal=bert"), HasSubstr("matched_rule= "), HasSubstr("authorized=false"))));
}

TEST_F(AuthorizationTest, AuditsWhatThePolicyWants) {
  for (const auto& [condition, lines] :
       {std::pair("NONE", 0u), {"ON_DENY", 1u}, {"ON_ALLOW", 1u}, {"ON_DENY_AND_ALLOW", 2u}}) {
    store = std::make_shared<PolicyStore>(allowing("anna", condition));
    drive();
    call_of("anna").start();
    call_of("bert").start();
    EXPECT_EQ(driver->log.lines().size(), lines) << condition;
  }
}

TEST_F(AuthorizationTest, ANewPolicyIsForNewCalls) {
  drive().next(Script().waits_for_cancellation());
  auto& running = call_of("anna").start();
  store->replace(allowing("bert"));
  EXPECT_FALSE(running.done()) << "it was decided when it began";
  EXPECT_EQ(call_of("anna").start().status().code(), Code::permission_denied);
  EXPECT_FALSE(call_of("bert").start().done());
  running.cancel();
  for (int i = 0; i < 1; ++i) driver->loop().run_until_idle();
  driver.reset();
}

TEST_F(AuthorizationTest, WhatTheProtoOfTheMethodAsksForCounts) {
  google::protobuf::MethodOptions options;
  options.MutableExtension(security::v1::authorization)->add_roles("admin");
  store = std::make_shared<PolicyStore>(AuthorizationPolicy());
  drive().options(options.SerializeAsString());
  EXPECT_EQ(call_of("anna").start().status().code(), Code::permission_denied);
  auto& call = driver->call();
  call.call().set_identity(std::make_shared<const Identity>(Identity().subject("anna").role("admin")));
  EXPECT_EQ(call.start().status(), Status());
}

TEST_F(AuthorizationTest, ExceptedMethodsAreAnybodys) {
  except = {"/test.v1.*/*"};
  drive();
  EXPECT_EQ(driver->call().start().status(), Status());
  EXPECT_THAT(driver->log.lines(), IsEmpty());
}

TEST_F(AuthorizationTest, AMethodThatIsNotThereStaysUnimplemented) {
  drive();
  EXPECT_EQ(call_of("bert").refused(Status(Code::unimplemented, "no such method")).start().status().code(),
            Code::unimplemented);
}

}  // namespace
}  // namespace pintle
