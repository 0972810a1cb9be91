// Channels: where stubs send their calls.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <pintle/async/runtime.hpp>
#include <pintle/client/options.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle {

// A channel to `target` ("host:port", "dns:///host:port", "ipv4:...", "unix:..."; grpc/doc/naming.md). Nothing is
// connected before the first call; each loop of the runtime has a connection of its own. INVALID_ARGUMENT when the
// target can't be read, the layers can't be put in an order, or one of them needs TLS and there is none. The runtime
// outlives the channel. Calls are made from coroutines on the runtime's loops; blocking stubs from any other thread.
Result<std::shared_ptr<Channel>> make_channel(Runtime& runtime, std::string_view target, ChannelOptions options = {});

// The same over connections that `dialer` makes, on these loops: for tests and tunnels. `options.authority` is used as
// it is.
Result<std::shared_ptr<Channel>> make_channel(std::vector<Loop*> loops, std::shared_ptr<Dialer> dialer,
                                              ChannelOptions options = {});

}  // namespace pintle
