// A channel whose calls go straight into a service of the same process: no bytes on a wire, no threads.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/rpc/call.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/message.hpp>

namespace pintle::plugin {

// Streams pass through the pipes of the caller's stream, so messages are encoded and parsed on their way.
class DirectChannel final : public Channel {
 public:
  // `pooled`: unary handlers get a reply object to fill, as they do from a server.
  DirectChannel(Service& service, Loop& loop, bool pooled) : loop_(loop) {
    const ServiceInfo& info = service.info();
    for (std::size_t i = 0; i < info.methods.size(); ++i)
      methods_.emplace(std::string(info.methods[i].path),
                       std::make_unique<Method>(service.handler(i), info.methods[i], pooled, tenants));
  }
  Handler& method(const MethodInfo& method) override {
    ++resolved;
    return *methods_.at(std::string(method.path));
  }
  Loop& loop() override { return loop_; }

  int resolved = 0;                  // how often a stub asked for a method
  std::vector<std::string> tenants;  // x-tenant of each call

 private:
  struct Method final : Handler {
    Method(std::unique_ptr<Handler> h, const MethodInfo& i, bool p, std::vector<std::string>& t)
        : handler(std::move(h)), info(i), pooled(p), tenants(t) {}
    Task<Status> operator()(LayerCall& call) override {
      MessageSlot reply(info.response);
      LayerCall served(call.loop(), info, *call.source, *call.sink, &call.scope);
      tenants.emplace_back(call.request_metadata.get("x-tenant").value_or("none"));
      if (pooled && info.kind == Kind::unary) served.reply = reply.at();
      Status status = co_await (*handler)(served).in({(co_await current_env()).loop, &served.scope, &served});
      for (auto [key, value] : served.response_trailers) call.response_trailers.add(key, value);
      co_return status;
    }
    std::unique_ptr<Handler> handler;
    const MethodInfo& info;
    bool pooled;
    std::vector<std::string>& tenants;
  };

  Loop& loop_;
  std::map<std::string, std::unique_ptr<Method>> methods_;
};

}  // namespace pintle::plugin
