#include <pintle/services/channelz/channelz_service.hpp>

#include <optional>

#include <gmock/gmock.h>
#include <grpc/channelz/v1/channelz.pintle.hpp>

#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

using namespace grpc::channelz::v1;  // NOLINT: messages by the dozen
using Stub = Channelz::Stub;

struct ChannelzTest : ::testing::Test, ChannelzSource {
  ChannelzTest() {
    EXPECT_TRUE(server.server().add(*service).ok());
    channel = server.channel();
    stub.emplace(channel);
  }
  Task<Result<ServerReport>> server_report() override { co_return co_await server.server().inspect(); }
  std::vector<std::shared_ptr<Channel>> channels() override { return shown; }
  template <class T>
  T run(Task<Result<T>> task) {
    Result<T> result = server.loop().run(std::move(task));
    EXPECT_TRUE(result) << result.error().to_string();
    return result.value_or(T());
  }
  template <class T>
  Code code(Task<Result<T>> task) {
    const Result<T> result = server.loop().run(std::move(task));
    return result ? Code::ok : result.error().code();
  }

  std::unique_ptr<Service> service = make_channelz_service(*this);
  testing::InMemoryServer server;
  std::shared_ptr<Channel> channel;
  std::vector<std::shared_ptr<Channel>> shown;
  std::optional<Stub> stub;
};

TEST_F(ChannelzTest, TheServerCountsItsCalls) {
  EXPECT_EQ(code(stub->GetSocket(GetSocketRequest())), Code::not_found);
  const auto servers = run(stub->GetServers(GetServersRequest()));
  ASSERT_EQ(servers.server_size(), 1);
  EXPECT_TRUE(servers.end());
  const auto& one = servers.server(0);
  EXPECT_EQ(one.data().calls_started(), 2) << "this one too";
  EXPECT_EQ(one.data().calls_failed(), 1);
  EXPECT_EQ(one.data().calls_succeeded(), 0);
  GetServerRequest request;
  request.set_server_id(one.ref().server_id());
  EXPECT_EQ(run(stub->GetServer(request)).server().data().calls_succeeded(), 1);
  request.set_server_id(99);
  EXPECT_EQ(code(stub->GetServer(request)), Code::not_found);
  GetServersRequest later;
  later.set_start_server_id(2);
  EXPECT_EQ(run(stub->GetServers(later)).server_size(), 0);
}

TEST_F(ChannelzTest, ItsConnectionsAreSockets) {
  GetServerSocketsRequest request;
  request.set_server_id(1);
  const auto sockets = run(stub->GetServerSockets(request));
  ASSERT_EQ(sockets.socket_ref_size(), 1);
  EXPECT_TRUE(sockets.end());
  GetSocketRequest ask;
  ask.set_socket_id(sockets.socket_ref(0).socket_id());
  const Socket socket = run(stub->GetSocket(ask)).socket();
  EXPECT_EQ(socket.data().streams_started(), 2);
  EXPECT_EQ(socket.data().streams_succeeded(), 1);
  EXPECT_EQ(socket.data().streams_failed(), 0);
  request.set_start_socket_id(ask.socket_id() + 1);
  EXPECT_EQ(run(stub->GetServerSockets(request)).socket_ref_size(), 0);
  request.set_server_id(2);
  EXPECT_EQ(code(stub->GetServerSockets(request)), Code::not_found);
}

TEST_F(ChannelzTest, ChannelsHaveASubchannelPerLoopAndThoseHaveSockets) {
  EXPECT_EQ(run(stub->GetTopChannels(GetTopChannelsRequest())).channel_size(), 0);
  shown = {channel};
  const auto top = run(stub->GetTopChannels(GetTopChannelsRequest()));
  ASSERT_EQ(top.channel_size(), 1);
  const auto& one = top.channel(0);
  EXPECT_EQ(one.data().state().state(), ChannelConnectivityState::READY);
  ASSERT_EQ(one.subchannel_ref_size(), 1);
  GetSubchannelRequest below;
  below.set_subchannel_id(one.subchannel_ref(0).subchannel_id());
  const auto subchannel = run(stub->GetSubchannel(below)).subchannel();
  EXPECT_EQ(subchannel.data().state().state(), ChannelConnectivityState::READY);
  ASSERT_EQ(subchannel.socket_ref_size(), 1);
  GetSocketRequest socket;
  socket.set_socket_id(subchannel.socket_ref(0).socket_id());
  EXPECT_GE(run(stub->GetSocket(socket)).socket().data().streams_started(), 3);
  GetChannelRequest again;
  again.set_channel_id(one.ref().channel_id());
  EXPECT_EQ(run(stub->GetChannel(again)).channel().ref().channel_id(), one.ref().channel_id());
}

TEST_F(ChannelzTest, WhatIsGoneIsNotFoundAndItsIdIsNotGivenAgain) {
  shown = {channel};
  GetChannelRequest request;
  request.set_channel_id(run(stub->GetTopChannels(GetTopChannelsRequest())).channel(0).ref().channel_id());
  GetSubchannelRequest below;
  below.set_subchannel_id(run(stub->GetChannel(request)).channel().subchannel_ref(0).subchannel_id());
  shown.clear();
  EXPECT_EQ(code(stub->GetChannel(request)), Code::not_found);
  EXPECT_EQ(code(stub->GetSubchannel(below)), Code::not_found);
  shown = {channel};
  EXPECT_NE(run(stub->GetTopChannels(GetTopChannelsRequest())).channel(0).ref().channel_id(), request.channel_id());
  for (const std::int64_t bad : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{7}, INT64_MAX}) {
    request.set_channel_id(bad);
    EXPECT_EQ(code(stub->GetChannel(request)), Code::not_found) << bad;
    below.set_subchannel_id(bad);
    EXPECT_EQ(code(stub->GetSubchannel(below)), Code::not_found) << bad;
  }
}

}  // namespace
}  // namespace pintle
