#include <pintle/services/reflection/reflection_service.hpp>

#include <optional>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/rpc/code.pb.h>
#include <google/rpc/status.pb.h>
#include <grpc/reflection/v1/reflection.pintle.hpp>
#include <grpc/reflection/v1alpha/reflection.pintle.hpp>

#include <pintle/services/health/health_service.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

struct V1 {
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  using Stub = grpc::reflection::v1::ServerReflection::Stub;
};
struct V1Alpha {
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
  using Stub = grpc::reflection::v1alpha::ServerReflection::Stub;
};

// Both versions answer alike.
template <class V>
struct Reflection : ::testing::Test {
  using Request = typename V::Request;
  using Response = typename V::Response;
  using Stub = typename V::Stub;

  Reflection() {
    google::rpc::Status::descriptor();  // else the linker leaves its file out
    google::rpc::Code_descriptor();
    for (Service* service : {health.get(), v1.get(), v1alpha.get()}) EXPECT_TRUE(server.server().add(*service).ok());
    stub.emplace(server.channel());
  }

  // The answers to `requests` on one stream.
  std::vector<Response> ask(std::vector<Request> requests) {
    Result<std::vector<Response>> got = server.loop().run(converse(*stub, std::move(requests)));
    EXPECT_TRUE(got) << got.error().to_string();
    return got.value_or(std::vector<Response>());
  }
  static Task<Result<std::vector<Response>>> converse(Stub& stub, std::vector<Request> requests) {
    auto stream = co_await stub.ServerReflectionInfo();
    std::vector<Response> answers;
    for (const Request& request : requests) {
      if (Status sent = co_await stream.write(request); !sent.ok()) co_return std::unexpected(sent);
      auto answer = co_await stream.read();
      if (!answer) co_return std::unexpected(answer.error());
      if (*answer == nullptr) co_return Error(Code::unknown, "the stream ended early");
      answers.push_back(**answer);
    }
    stream.close_writing();
    auto end = co_await stream.read();
    if (!end) co_return std::unexpected(end.error());
    if (*end != nullptr) co_return Error(Code::unknown, "there are more answers than questions");
    co_return answers;
  }

  static std::set<std::string> files(const Response& response) {
    std::set<std::string> names;
    for (const std::string& text : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(text));
      EXPECT_TRUE(names.insert(file.name()).second) << file.name() << " came twice";
    }
    return names;
  }
  static Request file(std::string name) {
    Request request;
    request.set_file_by_filename(std::move(name));
    return request;
  }
  static Request symbol(std::string name) {
    Request request;
    request.set_file_containing_symbol(std::move(name));
    return request;
  }

  HealthStates states;
  std::unique_ptr<Service> health = make_health_service(states);
  testing::InMemoryServer server;
  std::unique_ptr<Service> v1 = make_reflection_service(server.server().services());
  std::unique_ptr<Service> v1alpha = make_reflection_service_v1alpha(server.server().services());
  std::optional<Stub> stub;
};
using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(Reflection, Versions);

TYPED_TEST(Reflection, ListsTheServicesOfTheServer) {
  typename TypeParam::Request request;
  request.set_host("shop");
  request.set_list_services("");
  const auto answer = this->ask({request}).at(0);
  std::vector<std::string> names;
  for (const auto& service : answer.list_services_response().service()) names.push_back(service.name());
  EXPECT_THAT(names, ElementsAre("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                 "grpc.reflection.v1alpha.ServerReflection"));
  EXPECT_EQ(answer.valid_host(), "shop");
  EXPECT_TRUE(answer.original_request().has_list_services());
}

TYPED_TEST(Reflection, AFileComesWithAllThatItImports) {
  EXPECT_THAT(this->files(this->ask({this->file("google/rpc/status.proto")}).at(0)),
              ElementsAre("google/protobuf/any.proto", "google/rpc/status.proto"));
}

TYPED_TEST(Reflection, WhatHasComeOnAStreamComesNotAgainUnlessItIsAskedFor) {
  const auto answers = this->ask({this->file("google/protobuf/any.proto"), this->file("google/rpc/status.proto"),
                                  this->file("google/rpc/status.proto")});
  EXPECT_THAT(this->files(answers.at(1)), ElementsAre("google/rpc/status.proto"));
  EXPECT_THAT(this->files(answers.at(2)), ElementsAre("google/rpc/status.proto"));
}

TYPED_TEST(Reflection, SymbolsOfEveryKindLeadToTheirFile) {
  for (const char* name :
       {"grpc.health.v1.Health", "grpc.health.v1.Health.Check", "grpc.health.v1.HealthCheckRequest",
        "grpc.health.v1.HealthCheckRequest.service", "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.health.v1.HealthCheckResponse.SERVING"})
    EXPECT_THAT(this->files(this->ask({this->symbol(name)}).at(0)), Contains("grpc/health/v1/health.proto")) << name;
}

TYPED_TEST(Reflection, ExtensionsAreFoundByTheirNumber) {
  typename TypeParam::Request numbers;
  numbers.set_all_extension_numbers_of_type("google.protobuf.FileOptions");
  typename TypeParam::Request unknown_type;
  unknown_type.set_all_extension_numbers_of_type("shop.v1.Nothing");
  typename TypeParam::Request missing;
  missing.mutable_file_containing_extension()->set_containing_type("google.protobuf.FieldOptions");
  missing.mutable_file_containing_extension()->set_extension_number(4);
  const auto answers = this->ask({numbers, unknown_type, missing});
  EXPECT_EQ(answers.at(0).all_extension_numbers_response().base_type_name(), "google.protobuf.FileOptions");
  EXPECT_EQ(answers.at(1).error_response().error_code(), 5);
  EXPECT_EQ(answers.at(2).error_response().error_code(), 5);
}

TYPED_TEST(Reflection, WhatIsNotThereIsNotFoundAndTheStreamGoesOn) {
  const auto answers = this->ask({this->file("no/such.proto"), this->symbol("shop.v1.Nothing"), this->symbol(""),
                                  this->file("google/rpc/code.proto")});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answers.at(i).error_response().error_code(), 5) << i;
    EXPECT_THAT(this->files(answers.at(i)), IsEmpty());
  }
  EXPECT_THAT(this->files(answers.at(3)), ElementsAre("google/rpc/code.proto"));
}

TYPED_TEST(Reflection, ARequestForNothingIsAnError) {
  EXPECT_EQ(this->ask({typename TypeParam::Request()}).at(0).error_response().error_code(), 3);
}

}  // namespace
}  // namespace pintle
