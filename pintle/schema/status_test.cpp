// The standard messages have the names and numbers of the specification: other languages read our bytes, and we theirs.
#include <google/protobuf/descriptor.h>
#include <google/rpc/code.pb.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;

TEST(SchemaStatus, FieldsHaveTheNumbersOfTheSpecification) {
  struct Row {
    const char *message, *field;
    int number;
    const char* type;
  };
  for (const Row& row : {
           Row{"Status", "code", 1, "int32"},
           {"Status", "message", 2, "string"},
           {"Status", "details", 3, "message"},
           {"ErrorInfo", "reason", 1, "string"},
           {"ErrorInfo", "domain", 2, "string"},
           {"ErrorInfo", "metadata", 3, "message"},
           {"RetryInfo", "retry_delay", 1, "message"},
           {"DebugInfo", "stack_entries", 1, "string"},
           {"DebugInfo", "detail", 2, "string"},
           {"QuotaFailure", "violations", 1, "message"},
           {"QuotaFailure.Violation", "subject", 1, "string"},
           {"QuotaFailure.Violation", "description", 2, "string"},
           {"PreconditionFailure", "violations", 1, "message"},
           {"PreconditionFailure.Violation", "type", 1, "string"},
           {"PreconditionFailure.Violation", "subject", 2, "string"},
           {"PreconditionFailure.Violation", "description", 3, "string"},
           {"BadRequest", "field_violations", 1, "message"},
           {"BadRequest.FieldViolation", "field", 1, "string"},
           {"BadRequest.FieldViolation", "description", 2, "string"},
           {"BadRequest.FieldViolation", "reason", 3, "string"},
           {"BadRequest.FieldViolation", "localized_message", 4, "message"},
           {"RequestInfo", "request_id", 1, "string"},
           {"RequestInfo", "serving_data", 2, "string"},
           {"ResourceInfo", "resource_type", 1, "string"},
           {"ResourceInfo", "resource_name", 2, "string"},
           {"ResourceInfo", "owner", 3, "string"},
           {"ResourceInfo", "description", 4, "string"},
           {"Help", "links", 1, "message"},
           {"Help.Link", "description", 1, "string"},
           {"Help.Link", "url", 2, "string"},
           {"LocalizedMessage", "locale", 1, "string"},
           {"LocalizedMessage", "message", 2, "string"},
       }) {
    const Descriptor* type =
        DescriptorPool::generated_pool()->FindMessageTypeByName(std::string("google.rpc.") + row.message);
    ASSERT_NE(type, nullptr) << row.message;
    const auto* field = type->FindFieldByName(row.field);
    ASSERT_NE(field, nullptr) << row.message << '.' << row.field;
    EXPECT_EQ(field->number(), row.number) << row.message << '.' << row.field;
    EXPECT_STREQ(field->type_name(), row.type) << row.message << '.' << row.field;
  }
}

TEST(SchemaStatus, CodesHaveTheNumbersOfTheSpecification) {
  const char* names[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  for (int number = 0; number <= 16; ++number) {
    EXPECT_EQ(google::rpc::Code_Name(static_cast<google::rpc::Code>(number)), names[number]);
  }
}

// Written by hand from the encoding rules of Protobuf: what any other implementation sends for it.
TEST(SchemaStatus, AStatusWithADetailIsReadFromItsBytes) {
  const std::string info = "\x0A\x05STOCK\x12\x04shop";  // reason, domain
  const std::string url = "type.googleapis.com/google.rpc.ErrorInfo";
  std::string any = "\x0A";
  any += static_cast<char>(url.size());
  any += url + "\x12";
  any += static_cast<char>(info.size());
  any += info;
  std::string bytes = "\x08\x05\x12\x04gone\x1A";  // code 5, message "gone", details
  bytes += static_cast<char>(any.size());
  bytes += any;

  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(bytes));
  EXPECT_EQ(status.code(), google::rpc::NOT_FOUND);
  EXPECT_EQ(status.message(), "gone");
  ASSERT_EQ(status.details_size(), 1);
  google::rpc::ErrorInfo detail;
  ASSERT_TRUE(status.details(0).UnpackTo(&detail));
  EXPECT_EQ(detail.reason(), "STOCK");
  EXPECT_EQ(detail.domain(), "shop");
  EXPECT_EQ(status.SerializeAsString(), bytes);
}

}  // namespace
