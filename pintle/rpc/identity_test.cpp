// Who makes a call, and how the last verified credential of a connection is found again.
#include <memory>

#include <gtest/gtest.h>

#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::method_of_kind;
using test::TurnedLoop;

constexpr MethodInfo kBidi = method_of_kind(Kind::bidi);

std::shared_ptr<const Identity> identity(std::string_view subject) {
  return std::make_shared<const Identity>(Identity().subject(subject));
}

TEST(IdentityTest, SaysWhatItWasMadeOf) {
  const Identity anna = Identity()
                            .subject("anna")
                            .issuer("https://issuer.example")
                            .role("admin")
                            .role("reader")
                            .scope("items.read")
                            .certificate_name("spiffe://shop/api")
                            .claim("tenant", "\"acme\"");
  EXPECT_TRUE(anna.is_authenticated());
  EXPECT_EQ(anna.subject(), "anna");
  EXPECT_EQ(anna.issuer(), "https://issuer.example");
  EXPECT_TRUE(anna.has_role("reader"));
  EXPECT_FALSE(anna.has_role("read"));
  EXPECT_TRUE(anna.has_scope("items.read"));
  EXPECT_EQ(anna.claim("tenant"), "\"acme\"");
  EXPECT_EQ(anna.claim("other"), std::nullopt);
  EXPECT_EQ(anna.certificate_names().front(), "spiffe://shop/api");
  EXPECT_EQ(anna.expiry(), std::nullopt);
}

struct IdentityOfCalls : ::testing::Test {
  TurnedLoop turned;
  Pipe pipe{nullptr};
  LayerCall incoming{turned.loop, kBidi, pipe.source(), pipe.sink(), nullptr};
  LayerCall outgoing{turned.loop, kBidi, pipe.source(), pipe.sink(), nullptr};
};

TEST_F(IdentityOfCalls, WithoutALayerItIsNobody) {
  EXPECT_FALSE(incoming.identity().is_authenticated());
  EXPECT_EQ(incoming.identity().subject(), "");
}

TEST_F(IdentityOfCalls, AnOutgoingCallHasThatOfTheCallThatItIsMadeFor) {
  incoming.set_identity(identity("anna"));
  CallOptions options;
  detail::apply(outgoing, options, Env{&turned.loop, &incoming.scope, &incoming});
  EXPECT_EQ(outgoing.identity().subject(), "anna");
  outgoing.set_identity(identity("service"));
  EXPECT_EQ(outgoing.identity().subject(), "service");
  EXPECT_EQ(incoming.identity().subject(), "anna");
}

// gRFC-like propagation without lifetime: what was begun for a caller may outlive its call.
TEST_F(IdentityOfCalls, ADetachedCallKeepsTheIdentityAndDropsTheCall) {
  incoming.set_identity(identity("anna"));
  incoming.facts.trace_high = 7;
  incoming.set_deadline(Deadline::after(turned.loop.now(), std::chrono::seconds(1)));
  CallOptions options = CallOptions().detached();
  EXPECT_EQ(detail::scope_of(options, Env{&turned.loop, &incoming.scope, &incoming}), nullptr);
  detail::apply(outgoing, options, Env{&turned.loop, &incoming.scope, &incoming});
  EXPECT_EQ(outgoing.identity().subject(), "anna");
  EXPECT_EQ(outgoing.facts.trace_high, 7u);
  EXPECT_EQ(outgoing.parent, nullptr);
  EXPECT_TRUE(outgoing.deadline().is_infinite());
  incoming.finish();
}

TEST(VerifiedCredentialTest, IsFoundByItsNumberOrItsTextAndNoOther) {
  VerifiedCredential verified;
  EXPECT_EQ(verified.find(1, "token", 1), nullptr);
  const auto anna = identity("anna");
  verified.store(7, "Bearer a", 1, anna);
  ASSERT_NE(verified.find(7, "Bearer a", 1), nullptr);
  EXPECT_EQ(*verified.find(7, "Bearer a", 1), anna);
  EXPECT_EQ(*verified.find(0, "Bearer a", 1), anna);  // the header table does not hold it
  EXPECT_EQ(*verified.find(8, "Bearer a", 1), anna);  // it was put in again under another number
  EXPECT_EQ(verified.find(0, "Bearer b", 1), nullptr);
  EXPECT_EQ(verified.find(8, "Bearer b", 1), nullptr);
}

TEST(VerifiedCredentialTest, IsForgottenWhenTheKeysChange) {
  VerifiedCredential verified;
  verified.store(7, "Bearer a", 1, identity("anna"));
  EXPECT_EQ(verified.find(7, "Bearer a", 2), nullptr);
}

}  // namespace
}  // namespace pintle
