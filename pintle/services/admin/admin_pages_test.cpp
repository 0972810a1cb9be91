#include <pintle/services/admin/admin_pages.hpp>

#include <stdexcept>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct AdminPagesTest : ::testing::Test {
  AdminPagesTest() {
    pages.shows("/livez", "whether it lives", [](const AdminRequest&) { return AdminResponse(200, "ok\n"); });
    pages.shows("/level", "the level", [](const AdminRequest&) { return AdminResponse(200, "info\n"); });
    pages.does("/level", "sets the level", [this](const AdminRequest& request) {
      if (const std::string* level = request.parameter("level")) set = *level;
      return AdminResponse(200, "set\n");
    });
    pages.does("/drain", "drains", [](const AdminRequest&) { return AdminResponse(202, "draining\n"); });
    pages.shows("/bad", "throws", [](const AdminRequest&) -> AdminResponse { throw std::runtime_error("secret"); });
  }
  AdminResponse ask(std::string method, std::string_view target) const {
    return pages.answer(AdminRequest(std::move(method), target));
  }
  AdminPages pages;
  std::string set;
};

TEST_F(AdminPagesTest, GetShowsAndPostDoes) {
  EXPECT_EQ(ask("GET", "/level").body, "info\n");
  EXPECT_EQ(ask("GET", "/level/").body, "info\n");
  EXPECT_EQ(ask("GET", "/level?level=debug").body, "info\n");
  EXPECT_EQ(set, "") << "reading changes nothing";
  EXPECT_EQ(ask("POST", "/level?level=debug%2Cx+y").body, "set\n");
  EXPECT_EQ(set, "debug,x y");
  EXPECT_EQ(ask("HEAD", "/livez").status, 200u);
}

TEST_F(AdminPagesTest, AnotherMethodIsRefusedWithThoseThatWouldDo) {
  EXPECT_EQ(ask("POST", "/livez").status, 405u);
  EXPECT_EQ(ask("POST", "/livez").allow, "GET, HEAD");
  EXPECT_EQ(ask("GET", "/drain").status, 405u);
  EXPECT_EQ(ask("GET", "/drain").allow, "POST");
  EXPECT_EQ(ask("DELETE", "/level").allow, "GET, HEAD, POST");
  EXPECT_EQ(ask("POST", "/").status, 405u);
}

TEST_F(AdminPagesTest, TheListAndWhatIsNotThereNameThePages) {
  for (const char* path : {"/", "/nowhere", "*", ""}) EXPECT_THAT(ask("GET", path).body, HasSubstr("/livez")) << path;
  EXPECT_EQ(ask("GET", "/").status, 200u);
  EXPECT_EQ(ask("GET", "/nowhere").status, 404u);
  EXPECT_THAT(ask("GET", "/").body, HasSubstr("POST /drain"));
}

TEST_F(AdminPagesTest, APageThatThrowsTellsNothing) {
  const AdminResponse response = ask("GET", "/bad");
  EXPECT_EQ(response.status, 500u);
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
}

TEST_F(AdminPagesTest, ABrowsersPageCanNotChangeAnything) {
  AdminRequest request("POST", "/level?level=debug");
  request.origin = "https://evil.example";
  EXPECT_EQ(pages.answer(request).status, 403u);
  EXPECT_EQ(set, "");
}

TEST(AdminRequest, WantsJsonWhereItSaysSo) {
  AdminRequest request("GET", "/x?format=json&empty&broken=%zz&=5");
  EXPECT_TRUE(request.wants_json());
  EXPECT_EQ(*request.parameter("empty"), "");
  EXPECT_EQ(*request.parameter("broken"), "%zz");
  EXPECT_EQ(request.parameter("absent"), nullptr);
  AdminRequest plain("GET", "/x");
  EXPECT_FALSE(plain.wants_json());
  plain.accept = "text/html, application/json;q=0.9";
  EXPECT_TRUE(plain.wants_json());
}

}  // namespace
}  // namespace pintle
