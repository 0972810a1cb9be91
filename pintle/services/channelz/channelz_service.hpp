// grpc.channelz.v1.Channelz (gRFC A14): the server, its ports and connections, and the channels of a process.
#pragma once

#include <memory>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/inspect.hpp>

namespace pintle {

// What there is to show. Any loop.
class ChannelzSource {
 public:
  virtual Task<Result<ServerReport>> server_report() = 0;
  virtual std::vector<std::shared_ptr<Channel>> channels() = 0;

 protected:
  ~ChannelzSource() = default;
};

// Each loop of a channel is a subchannel of it. Ids stay those of what they were given to, and are not given again.
// What is not there is NOT_FOUND; lists come in pages of at most 100. `source` outlives it.
std::unique_ptr<Service> make_channelz_service(ChannelzSource& source);

}  // namespace pintle
