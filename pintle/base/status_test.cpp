#include <pintle/base/status.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

TEST(Status, OkCarriesNothing) {
  Status s(Code::ok, "ignored");
  EXPECT_TRUE(s.ok());
  EXPECT_EQ(s.message(), "");
  EXPECT_EQ(s.with_details("x").details(), "");
}

TEST(Status, EveryCodeOfTheSpecificationHasItsNameAndNumber) {
  EXPECT_EQ(code_name(Code::ok), "OK");
  EXPECT_EQ(code_name(Code::deadline_exceeded), "DEADLINE_EXCEEDED");
  EXPECT_EQ(code_name(Code::unauthenticated), "UNAUTHENTICATED");
  EXPECT_EQ(code_from_number(16), Code::unauthenticated);
  EXPECT_EQ(code_from_number(17), Code::unknown);
  EXPECT_EQ(code_name(static_cast<Code>(200)), "UNKNOWN");
}

TEST(Status, DetailsAndOriginTravelWithCopies) {
  Status s = Status(Code::not_found, "no item").with_details("bytes").with_origin(Origin::peer);
  Status copy = s;
  EXPECT_EQ(copy.details(), "bytes");
  EXPECT_EQ(copy.origin(), Origin::peer);
  EXPECT_EQ(copy, Status(Code::not_found, "no item"));
  EXPECT_EQ(copy.to_string(), "NOT_FOUND: no item");
}

TEST(Status, ACopyOutlivesTheOthersAndAMovedOneIsOk) {
  Status last;
  {
    Status first(Code::not_found, "no item");
    Status second = first;
    last = second;
    second = Status(Code::internal, "another");
    first = Status();
    last = *&last;
  }
  EXPECT_EQ(last, Status(Code::not_found, "no item"));
  Status moved = std::move(last);
  EXPECT_EQ(moved.message(), "no item");
  EXPECT_TRUE(last.ok());  // NOLINT: that is the promise
}

TEST(Error, BecomesAStatusOrAResult) {
  Status s = not_found("no item has the id {}", 7);
  EXPECT_EQ(s.message(), "no item has the id 7");
  Result<int> r = already_exists("the SKU {} is taken", "A1");
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().code(), Code::already_exists);
}

}  // namespace
}  // namespace pintle
