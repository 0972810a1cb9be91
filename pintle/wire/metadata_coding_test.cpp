#include <pintle/wire/metadata_coding.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Decoded {
  Status status;
  std::vector<std::string> values;
};

Decoded decode(std::string_view name, std::string_view value) {
  Metadata into;
  Decoded decoded{decode_field(name, value, into), {}};
  for (const Metadata::Entry e : into) {
    EXPECT_EQ(e.key, name);
    decoded.values.emplace_back(e.value);
  }
  return decoded;
}

TEST(MetadataCoding, AsciiIsTakenAsItIs) {
  EXPECT_THAT(decode("x-user", "ada, \"the\" first").values, ElementsAre("ada, \"the\" first"));
  EXPECT_THAT(decode("user-agent", "grpc-go/1.60").values, ElementsAre("grpc-go/1.60"));
  EXPECT_THAT(decode("x-empty", "").values, ElementsAre(""));
}

TEST(MetadataCoding, BinaryIsDecodedInBothForms) {
  EXPECT_THAT(decode("x-bin", "Zm8").values, ElementsAre("fo"));
  EXPECT_THAT(decode("x-bin", "Zm8=").values, ElementsAre("fo"));
  EXPECT_THAT(decode("x-bin", "").values, ElementsAre(""));
}

TEST(MetadataCoding, BinaryIsSplitAtCommasBeforeItIsDecoded) {
  EXPECT_THAT(decode("x-bin", "Zg==,Zm8,Zm9v").values, ElementsAre("f", "fo", "foo"));
  EXPECT_THAT(decode("x-bin", "Zg== , \tZm8").values, ElementsAre("f", "fo"));
  EXPECT_THAT(decode("x-bin", "Zg,,Zg").values, ElementsAre("f", "", "f"));
  EXPECT_THAT(decode("x-bin", ",").values, ElementsAre("", ""));
}

TEST(MetadataCoding, RepeatedFieldsKeepTheirOrder) {
  Metadata into;
  EXPECT_TRUE(decode_field("x-bin", "Zm8", into).ok());
  EXPECT_TRUE(decode_field("a", "1", into).ok());
  EXPECT_TRUE(decode_field("x-bin", "Zg,Zm9v", into).ok());
  EXPECT_TRUE(decode_field("a", "0", into).ok());
  EXPECT_THAT(into.all("x-bin"), ElementsAre("fo", "f", "foo"));
  EXPECT_THAT(into.all("a"), ElementsAre("1", "0"));
}

TEST(MetadataCoding, ABadPartFailsTheFieldAndLeavesNothingBehind) {
  for (const char* value : {"!", "Zg=", "Z", "Zg,Z", "Zg,Zm8,*", "Z g"}) {
    const Decoded decoded = decode("x-trace-bin", value);
    EXPECT_EQ(decoded.status.code(), Code::internal) << value;
    EXPECT_EQ(decoded.status.origin(), Origin::library);
    EXPECT_THAT(std::string(decoded.status.message()), HasSubstr("x-trace-bin"));
    EXPECT_TRUE(decoded.values.empty()) << value;
  }
}

TEST(MetadataCoding, WhatHttpAllowsAndGrpcDoesNotIsDroppedWithoutAnError) {
  for (const char* value : {"caf\xC3\xA9", "tab\there", "\x7F", "\xFF"}) {
    EXPECT_TRUE(decode("x-user", value).status.ok());
    EXPECT_TRUE(decode("x-user", value).values.empty());
  }
  EXPECT_TRUE(decode("x!user", "a").status.ok());
  EXPECT_TRUE(decode("x!user", "a").values.empty());
}

TEST(MetadataCoding, ProtocolFieldsAreNoMetadata) {
  for (const char* name :
       {":path", ":authority", "grpc-timeout", "grpc-status-details-bin", "content-type", "te", "connection", "host",
        "content-length", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"}) {
    EXPECT_TRUE(is_protocol_field(name)) << name;
    EXPECT_THAT(std::string(check_entry({name, "1"}).message()), HasSubstr("reserved for the protocol")) << name;
    EXPECT_TRUE(decode(name, "?").status.ok()) << name;
    EXPECT_TRUE(decode(name, "?").values.empty()) << name;
  }
  for (const char* name :
       {"user-agent", "grpc", "x-grpc-y", "team", "content-types", "authorization", "grpc-trace-bin"}) {
    EXPECT_FALSE(is_protocol_field(name)) << name;
  }
}

TEST(MetadataCoding, WhatRetriesTellEachOtherIsMetadata) {
  for (const char* name : {"grpc-previous-rpc-attempts", "grpc-retry-pushback-ms"}) {
    EXPECT_THAT(decode(name, "2").values, ElementsAre("2"));
    EXPECT_EQ(check_entry({name, "2"}), Status());
  }
  for (const char* name : {"grpc-previous-rpc-attempt", "grpc-retry-pushback", "grpc-tags-bin", "grpc-"})
    EXPECT_FALSE(check_entry({name, "2"}).ok()) << name;
}

TEST(MetadataCoding, WhatMayNotBeSentIsNamed) {
  struct Case {
    const char *key, *value, *says;
  };
  for (const Case& c : {Case{"X-User", "a", "'X-User'"},
                        {"", "a", "''"},
                        {"x user", "a", "'x user'"},
                        {"grpc-timeout", "1S", "'grpc-timeout' is reserved"},
                        {":path", "/", "':path' is reserved"},
                        {"content-type", "x", "reserved"},
                        {"x-user", "caf\xC3\xA9", "'x-user-bin'"},
                        {"x-user", "two\nlines", "value of 'x-user'"}}) {
    const Status status = check_entry({c.key, c.value});
    EXPECT_EQ(status.code(), Code::internal) << c.key;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(c.says), Not(HasSubstr("\n")))) << c.key;
  }
  Metadata metadata;
  metadata.add("a", "fine").add("b-bin", "\xFF\n");
  EXPECT_TRUE(check_metadata(metadata).ok());
  metadata.add("Bad", "x");
  EXPECT_THAT(std::string(check_metadata(metadata).message()), HasSubstr("'Bad'"));
}

TEST(MetadataCoding, AnErrorNeverShowsRawBytes) {
  const Status status = check_entry({"x\r\ninjected: \xFF", "a"});
  EXPECT_THAT(std::string(status.message()), HasSubstr("x%0D%0Ainjected: %FF"));
}

TEST(MetadataCoding, ValuesAreEncodedForTheirKey) {
  std::string scratch = "old";
  EXPECT_EQ(encode_value({"x-bin", "fo"}, scratch), "Zm8");
  EXPECT_EQ(encode_value({"x", "fo"}, scratch), "fo");
  EXPECT_EQ(encode_value({"x-bin", ""}, scratch), "");
}

}  // namespace
}  // namespace pintle::wire
