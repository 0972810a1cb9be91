#include <pintle/telemetry/payload_log/payload_log_layer.hpp>

#include <gmock/gmock.h>
#include <payload_log/secret_test.pintle.hpp>

#include <pintle/rpc/message_text.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using secret::test::Login;
using secret::test::Opened;
using secret::test::Vault;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LayerDriver;
using ::testing::Not;
using testing::Script;

Login login() {
  Login login;
  login.set_name("anna \"a\"\n");
  login.set_password("hunter2");
  auto& card = *login.add_cards();
  card.set_number("4711");
  card.set_kind(secret::test::KIND_GOLD);
  login.set_photo("12345");
  return login;
}

TEST(MessageText, ShowsWhatIsSetButNoSecrets) {
  EXPECT_EQ(
      message_text(login(), 1000),
      R"({"name":"anna \"a\"\u000a","password":"[REDACTED]","cards":[{"number":"[REDACTED]","kind":"KIND_GOLD"}],"photo":"5 bytes"})");
  EXPECT_EQ(message_text(Login(), 1000), "{}");
}

TEST(MessageText, EndsWhereItMay) {
  Login long_one;
  long_one.set_name(std::string(100'000, 'x'));
  for (int i = 0; i < 100'000; ++i) long_one.add_cards();
  EXPECT_LE(message_text(long_one, 50).size(), 53u);
  EXPECT_THAT(message_text(long_one, 50), ::testing::EndsWith("..."));
  Login umlauts;
  umlauts.set_name("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
  EXPECT_EQ(message_text(umlauts, 10), "{\"name\":\"...") << "no half character";
}

struct PayloadLogTest : ::testing::Test {
  LayerDriver& drive(std::vector<std::string> methods) {
    PayloadLogOptions options;
    options.methods = std::move(methods);
    driver.emplace(Side::server, std::make_shared<PayloadLogLayer>(options));
    Opened opened;
    opened.set_id(7);
    driver->method(Vault::info().methods[0]).next(Script().reads().writes(opened));
    return *driver;
  }
  std::optional<LayerDriver> driver;
};

TEST_F(PayloadLogTest, BothDirectionsWithoutSecrets) {
  auto& call = drive({"/secret.test.Vault/*"}).call().metadata("authorization", "Bearer x").sends(login()).start();
  EXPECT_EQ(call.status(), Status());
  EXPECT_EQ(call.message<Opened>(0).id(), 7);
  EXPECT_THAT(driver->log.lines(),
              ElementsAre(AllOf(HasSubstr("direction=in"), HasSubstr("KIND_GOLD"), Not(HasSubstr("hunter2")),
                                Not(HasSubstr("4711")), Not(HasSubstr("Bearer"))),
                          AllOf(HasSubstr("direction=out"), HasSubstr(R"({"id":7})"))));
}

TEST_F(PayloadLogTest, OnlyMethodsThatAreAskedFor) {
  drive({}).call().sends(login()).start();
  EXPECT_THAT(driver->log.lines(), IsEmpty());
}

}  // namespace
}  // namespace pintle
