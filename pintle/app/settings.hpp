// What the configuration's schema says, as the options that the rooms take. Addresses and files: endpoints.hpp.
#pragma once

#include <pintle/async/runtime.hpp>
#include <pintle/client/options.hpp>
#include <pintle/server/options.hpp>

namespace pintle::config::v1 {
class Client;
class Server;
}  // namespace pintle::config::v1

namespace pintle {

RuntimeOptions runtime_options(const config::v1::Server& server);
// One for the process: give it to its servers and channels.
std::shared_ptr<MemoryBudget> memory_budget(const config::v1::Server& server);
ServerOptions server_options(const config::v1::Server& server, Logger log);
ChannelOptions channel_options(const config::v1::Client& client, Logger log);

}  // namespace pintle
