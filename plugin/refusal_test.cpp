// What the plugin and protoc say when there is no code to be had.
#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/compiler/plugin.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "generate.hpp"
#include "test_support/protoc.hpp"

namespace pintle::plugin {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::compiler::CodeGeneratorRequest;
using google::protobuf::compiler::CodeGeneratorResponse;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A file as protoc and buf hand it to plugins. `name` is its path.
FileDescriptorProto parsed(const std::string& name, const std::string& text) {
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  google::protobuf::io::Tokenizer tokenizer(&stream, nullptr);
  google::protobuf::compiler::Parser parser;
  FileDescriptorProto file;
  file.set_name(name);
  EXPECT_TRUE(parser.Parse(&tokenizer, &file)) << text;
  file.set_name(name);
  return file;
}

CodeGeneratorRequest request_for(const FileDescriptorProto& file, const std::string& parameter = {}) {
  CodeGeneratorRequest request;
  request.add_file_to_generate(file.name());
  request.set_parameter(parameter);
  *request.add_proto_file() = file;
  return request;
}

constexpr char kEcho[] = R"(
  syntax = "proto3";
  package echo.v1;
  message Text {}
  service Echo { rpc Say(Text) returns (Text); }
)";

TEST(Refusal, ASyntaxErrorIsProtocsOwnWithFileAndLine) {
  const TemporaryFolder folder;
  write_file(folder.path() / "broken.proto", "syntax = \"proto3\";\n\nmessage Open {\n  string id = 1\n}\n");
  const Outcome run = run_protoc(folder.path(), folder.path(), {"broken.proto"});
  EXPECT_NE(run.code, 0);
  EXPECT_THAT(run.output, HasSubstr("broken.proto:5:1: Expected \";\""));
}

TEST(Refusal, AnUnknownOptionIsNamedBesideTheKnownOnes) {
  const TemporaryFolder folder;
  write_file(folder.path() / "echo.proto", kEcho);
  const Outcome run = run_protoc(folder.path(), folder.path(), {"echo.proto", "--pintle_opt=colour=red"});
  EXPECT_NE(run.code, 0);
  EXPECT_THAT(run.output, AllOf(HasSubstr("unknown option \"colour\""), HasSubstr("blocking=true|false")));
}

TEST(Refusal, AnOptionsValueIsChecked) {
  const CodeGeneratorResponse response = generate(request_for(parsed("echo.proto", kEcho), "blocking=perhaps"));
  EXPECT_THAT(response.error(), HasSubstr("blocking takes true or false, not \"perhaps\""));
  EXPECT_THAT(response.file(), IsEmpty());
}

// What buf and newer protocs send, the plugin must refuse by name; its own protoc does not even parse it.
TEST(Refusal, EditionsAreRefusedWithTheFilesName) {
  FileDescriptorProto file = parsed("echo.proto", kEcho);
  file.set_syntax("editions");
  const CodeGeneratorResponse response = generate(request_for(file));
  EXPECT_THAT(response.error(), AllOf(HasSubstr("echo.proto: uses editions"), HasSubstr("proto3")));
  EXPECT_THAT(response.file(), IsEmpty());
}

TEST(Refusal, EditionsOfAnImportAreRefusedToo) {
  CodeGeneratorRequest request = request_for(parsed("echo.proto", kEcho));
  FileDescriptorProto other = parsed("other.proto", "syntax = \"proto3\"; message Other {}");
  other.set_syntax("editions");
  *request.add_proto_file() = other;
  EXPECT_THAT(generate(request).error(), HasSubstr("other.proto: uses editions"));
}

TEST(Refusal, GenericServicesWouldClashWithOurs) {
  const std::string text = std::string(kEcho) + "option cc_generic_services = true;";
  EXPECT_THAT(generate(request_for(parsed("echo.proto", text))).error(),
              AllOf(HasSubstr("echo.proto"), HasSubstr("cc_generic_services")));
}

TEST(Refusal, MessagesOfTheLiteRuntimeHaveNoDescriptors) {
  const std::string text = std::string(kEcho) + "option optimize_for = LITE_RUNTIME;";
  EXPECT_THAT(generate(request_for(parsed("echo.proto", text))).error(),
              AllOf(HasSubstr("echo.v1.Echo.Say"), HasSubstr("LITE_RUNTIME")));
}

TEST(Refusal, AKeywordInThePackageIsNoNamespace) {
  const std::string text = R"(
    syntax = "proto3";
    package echo.namespace.v1;
    message Text {}
    service Echo { rpc Say(Text) returns (Text); }
  )";
  EXPECT_THAT(generate(request_for(parsed("echo.proto", text))).error(),
              AllOf(HasSubstr("echo.namespace.v1"), HasSubstr("\"namespace\" is reserved")));
}

TEST(Refusal, AMissingImportIsAnErrorNotACrash) {
  FileDescriptorProto file = parsed("echo.proto", kEcho);
  file.add_dependency("nowhere.proto");
  EXPECT_THAT(generate(request_for(file)).error(), HasSubstr("nowhere.proto"));
}

TEST(Generate, TheOrderOfTheFilesDoesNotMatter) {
  FileDescriptorProto echo = parsed("echo.proto", R"(
    syntax = "proto3";
    package echo.v1;
    import "text.proto";
    service Echo { rpc Say(text.v1.Text) returns (text.v1.Text); }
  )");
  const FileDescriptorProto text = parsed("text.proto", "syntax = \"proto3\"; package text.v1; message Text {}");
  CodeGeneratorRequest one, other;
  one.add_file_to_generate("echo.proto");
  other.add_file_to_generate("echo.proto");
  *one.add_proto_file() = text;
  *one.add_proto_file() = echo;
  *other.add_proto_file() = echo;
  *other.add_proto_file() = text;
  const CodeGeneratorResponse response = generate(one);
  ASSERT_THAT(response.error(), IsEmpty());
  ASSERT_THAT(response.file(), SizeIs(2));
  EXPECT_EQ(response.SerializeAsString(), generate(other).SerializeAsString());
}

TEST(Generate, SaysThatItKnowsOptionalFieldsOfProto3) {
  EXPECT_EQ(generate(CodeGeneratorRequest()).supported_features(),
            static_cast<std::uint64_t>(CodeGeneratorResponse::FEATURE_PROTO3_OPTIONAL));
}

// What protoc says of a message with that field, and where.
std::string said_of_rules(const std::string& field, const std::string& options = "") {
  const TemporaryFolder folder;
  write_file(folder.path() / "shop.proto",
             "syntax = \"proto3\";\npackage shop.v1;\nimport \"buf/validate/validate.proto\";\n"
             "import \"google/protobuf/duration.proto\";\nmessage Item {\n" +
                 options + "  " + field + "\n}\n");
  const Outcome run = run_protoc(folder.path(), folder.path(), {"shop.proto"});
  return run.code == 0 ? "accepted" : run.output;
}

TEST(RulesRefusal, CelIsNamedWithItsPlaceAndNeverLeftOut) {
  EXPECT_THAT(said_of_rules(R"(string name = 1 [(buf.validate.field).cel = {id: "x" expression: "true"}];)"),
              HasSubstr("shop.proto:6:3: shop.v1.Item.name: has a rule in CEL"));
  EXPECT_THAT(said_of_rules(R"(string name = 1 [(buf.validate.field).cel_expression = "true"];)"), HasSubstr("CEL"));
  EXPECT_THAT(said_of_rules("string name = 1;", "  option (buf.validate.message).cel_expression = \"true\";\n"),
              HasSubstr("shop.v1.Item: has a rule in CEL"));
  EXPECT_THAT(
      said_of_rules(R"(repeated string names = 1 [(buf.validate.field).repeated.items.cel_expression = "true"];)"),
      HasSubstr("shop.v1.Item.names: has a rule in CEL"));
  EXPECT_THAT(said_of_rules(R"(map<string, string> m = 1 [(buf.validate.field).map.keys.cel_expression = "true"];)"),
              HasSubstr("shop.v1.Item.m: has a rule in CEL"));
}

TEST(RulesRefusal, RulesOfAnotherTypeAreAMistake) {
  EXPECT_THAT(said_of_rules("int32 count = 1 [(buf.validate.field).string.min_len = 1];"),
              HasSubstr("has rules of the type string, and is of the type int32"));
  EXPECT_THAT(said_of_rules("repeated string names = 1 [(buf.validate.field).string.min_len = 1];"),
              HasSubstr("is of the type repeated"));
  EXPECT_THAT(said_of_rules("Item below = 1 [(buf.validate.field).int32.gt = 1];"),
              HasSubstr("is a message, for which there are none"));
  EXPECT_THAT(said_of_rules("repeated Item items = 1 [(buf.validate.field).repeated.unique = true];"),
              HasSubstr("can't be unique"));
  EXPECT_THAT(said_of_rules(R"(string name = 1 [(buf.validate.field).string.pattern = "("];)"),
              HasSubstr("no regular expression of RE2"));
  EXPECT_THAT(said_of_rules("string name = 1;", "  option (buf.validate.message).oneof = {fields: [\"gone\"]};\n"),
              HasSubstr("the field gone, which is not there"));
}

TEST(RulesRefusal, WhatIsIgnoredIsNotLookedAt) {
  EXPECT_EQ(
      said_of_rules(R"(string name = 1 [(buf.validate.field) = {ignore: IGNORE_ALWAYS, cel_expression: "true"}];)"),
      "accepted");
}

}  // namespace
}  // namespace pintle::plugin
