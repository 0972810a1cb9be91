#include <pintle/wire/content_type.hpp>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

TEST(ContentTypes, OneRowEach) {
  struct Row {
    const char* value;
    ContentType type;
  };
  for (const Row& row : {
           Row{"application/grpc", ContentType::grpc},
           {"application/grpc;charset=utf-8", ContentType::grpc},
           {"application/grpc ; charset=utf-8", ContentType::grpc},
           {"Application/gRPC", ContentType::grpc},
           {"application/grpc+proto", ContentType::grpc_proto},
           {"application/grpc+PROTO", ContentType::grpc_proto},
           {"application/grpc+proto; x=y", ContentType::grpc_proto},
           {"application/grpc+json", ContentType::grpc_other},
           {"application/grpc+protobuf", ContentType::grpc_other},
           {"application/grpc+", ContentType::grpc_other},
           {"application/grpc-web", ContentType::not_grpc},
           {"application/grpc-web+proto", ContentType::not_grpc},
           {"application/grpcfoo", ContentType::not_grpc},
           {"application/grpc/", ContentType::not_grpc},
           {"application/grp", ContentType::not_grpc},
           {"application/json", ContentType::not_grpc},
           {" application/grpc", ContentType::not_grpc},
           {"text/html", ContentType::not_grpc},
           {";", ContentType::not_grpc},
           {"", ContentType::not_grpc},
       }) {
    EXPECT_EQ(parse_content_type(row.value), row.type) << row.value;
  }
}

}  // namespace
}  // namespace pintle::wire
