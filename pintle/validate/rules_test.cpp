// What the rules say; whether they say it as protovalidate does is its conformance suite's to tell.
#include <gmock/gmock.h>

#include <pintle/validate/codegen.hpp>

namespace pintle::validate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Step kField{7, "f", FieldType::string};

template <class Rules, class Value>
std::vector<std::string> broken(const Rules& rules, const Value& value) {
  Violations found;
  Report report(found, [] { return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(1000)); });
  const Place at(nullptr, kField);
  rules.check(value, Where(report, at));
  std::vector<std::string> ids;
  for (const Violation& v : found.all) ids.push_back(v.rule_id);
  if (!found.error.empty()) ids.push_back(found.error);
  return ids;
}

TEST(Rules, BoundsInsideAndOutside) {
  const auto inside = Int32Rules().gt(0).lte(10), outside = Int32Rules().gte(10).lt(0);
  EXPECT_THAT(broken(inside, 1), IsEmpty());
  EXPECT_THAT(broken(inside, 10), IsEmpty());
  EXPECT_THAT(broken(inside, 0), ElementsAre("int32.gt_lte"));
  EXPECT_THAT(broken(outside, 10), IsEmpty());
  EXPECT_THAT(broken(outside, -1), IsEmpty());
  EXPECT_THAT(broken(outside, 5), ElementsAre("int32.gte_lt_exclusive"));
  EXPECT_THAT(broken(DoubleRules().lt(1), std::nan("")), ElementsAre("double.lt"));
  EXPECT_THAT(broken(FloatRules().finite(true), INFINITY), ElementsAre("float.finite"));
}

TEST(Rules, Texts) {
  EXPECT_THAT(broken(StringRules().min_len(2).max_len(2), std::string_view("\xc3\xa4\xc3\xb6")), IsEmpty());
  EXPECT_THAT(broken(StringRules().max_bytes(3), std::string_view("\xc3\xa4\xc3\xb6")),
              ElementsAre("string.max_bytes"));
  EXPECT_THAT(broken(StringRules().pattern("^a+$").prefix("b"), std::string_view("ab")),
              ElementsAre("string.pattern", "string.prefix"));
  EXPECT_THAT(broken(StringRules().well_known(WellKnown::email), std::string_view("")),
              ElementsAre("string.email_empty"));
  EXPECT_THAT(broken(BytesRules().pattern("a"), std::string_view("\xff")),
              ElementsAre("value must be valid UTF-8 to apply regexp"));
}

TEST(Rules, APatternTakesNoLongerThanItsText) {
  const std::string evil = std::string(100'000, 'a') + "!";
  EXPECT_THAT(broken(StringRules().pattern("^(a+)+$"), std::string_view(evil)), ElementsAre("string.pattern"));
}

TEST(Rules, TimesByTheClockThatIsHandedIn) {
  EXPECT_THAT(broken(TimestampRules().lt_now(true).within({10, 0}), Moment(999, 0)), IsEmpty());
  EXPECT_THAT(broken(TimestampRules().lt_now(true), Moment(1001, 0)), ElementsAre("timestamp.lt_now"));
  EXPECT_THAT(broken(TimestampRules().within({10, 0}), Moment(989, 0)), ElementsAre("timestamp.within"));
}

TEST(Rules, ListsAreUnique) {
  EXPECT_THAT(broken(RepeatedRules().unique(true), std::vector<std::string>{"a", "b"}), IsEmpty());
  EXPECT_THAT(broken(RepeatedRules().unique(true), std::vector<std::string>{"a", "b", "a"}),
              ElementsAre("repeated.unique"));
}

TEST(Rules, WhoSendsMuchThatIsWrongHearsOfSome) {
  Violations found;
  Report report(found);
  const Place at(nullptr, kField);
  for (int i = 0; i < 1000; ++i) fail_required(Where(report, at));
  EXPECT_EQ(found.all.size(), Report::kMost);
}

TEST(Rules, PathsAreTexts) {
  FieldPath path(3);
  path[0].name = "items";
  path[0].subscript = ListIndex{3};
  path[1].name = "labels";
  path[1].subscript = std::string("a\"b");
  path[2].name = "x";
  EXPECT_EQ(path_text(path), R"(items[3].labels["a\"b"].x)");
}

}  // namespace
}  // namespace pintle::validate
