// A program may link gRPC C++ and Pintle together: the client of the one calls the server of the other here. (Its
// reflection and channelz libraries have messages of the same names as Pintle's services; those two exclude each
// other.)
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include <grpc/channelz/v1/channelz.pb.h>
#include <grpc/health/v1/health.pb.h>
#include <grpc/reflection/v1alpha/reflection.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include <pintle/app/app.hpp>
#include <pintle/server/server.hpp>
#include <pintle/services/channelz/channelz_service.hpp>
#include <pintle/services/health/health_service.hpp>
#include <pintle/services/reflection/reflection_service.hpp>

namespace {

struct NoChannels final : pintle::ChannelzSource {
  explicit NoChannels(pintle::Server& s) : server(s) {}
  pintle::Task<pintle::Result<pintle::ServerReport>> server_report() override { co_return co_await server.inspect(); }
  std::vector<std::shared_ptr<pintle::Channel>> channels() override { return {}; }
  pintle::Server& server;
};

grpc::Status call(grpc::Channel& channel, const std::string& path, const google::protobuf::Message& request,
                  google::protobuf::Message& response) {
  grpc::GenericStub stub(std::shared_ptr<grpc::Channel>(&channel, [](grpc::Channel*) {}));
  const grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer got;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  std::promise<grpc::Status> ended;
  stub.UnaryCall(&context, path, grpc::StubOptions(), &sent, &got,
                 [&](grpc::Status s) { ended.set_value(std::move(s)); });
  grpc::Status status = ended.get_future().get();
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (status.ok() && got.Dump(&slices).ok())
    for (const grpc::Slice& piece : slices) bytes.append(reinterpret_cast<const char*>(piece.begin()), piece.size());
  EXPECT_TRUE(response.ParseFromString(bytes));
  return status;
}

TEST(Coexistence, GrpcCppCallsPintleInOneProcess) {
  pintle::RuntimeOptions one;
  one.threads = 1;
  pintle::Runtime runtime(one);
  const pintle::HealthStates states(pintle::HealthMap{{"", pintle::Health::serving}});
  pintle::Server server(runtime);
  NoChannels source(server);
  const auto health = pintle::make_health_service(states);
  const auto reflection = pintle::make_reflection_service_v1alpha(server.services());
  const auto channelz = pintle::make_channelz_service(source);
  for (pintle::Service* service : {health.get(), reflection.get(), channelz.get()})
    ASSERT_TRUE(server.add(*service).ok());
  ASSERT_TRUE(server.start().ok());
  runtime.start();
  const auto address = server.listen(pintle::net::SockAddress::from_ip("127.0.0.1", 0).value());
  ASSERT_TRUE(address);
  {
    const auto channel = grpc::CreateChannel(address->to_string(), grpc::InsecureChannelCredentials());
    grpc::health::v1::HealthCheckResponse well;
    EXPECT_TRUE(call(*channel, "/grpc.health.v1.Health/Check", grpc::health::v1::HealthCheckRequest(), well).ok());
    EXPECT_EQ(well.status(), grpc::health::v1::HealthCheckResponse::SERVING);
    grpc::channelz::v1::GetServersResponse servers;
    EXPECT_TRUE(
        call(*channel, "/grpc.channelz.v1.Channelz/GetServers", grpc::channelz::v1::GetServersRequest(), servers).ok());
    EXPECT_EQ(servers.server_size(), 1);
  }
  std::promise<void> drained;
  server.drain(std::chrono::seconds(1), [&] { drained.set_value(); });
  drained.get_future().wait();
  runtime.stop();
  runtime.join();
}

}  // namespace
