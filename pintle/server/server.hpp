// A gRPC server: services, the layers around their methods, and the connections that it is given or accepts.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <pintle/async/runtime.hpp>
#include <pintle/net/address.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/inspect.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/server/options.hpp>

namespace pintle {

// Set up by one thread before start(); after that every function may be called from any thread unless it says
// otherwise. One service object is called from all loops at the same time.
class Server {
 public:
  // The loops are those of a runtime, or of a test; they outlive the server and have stopped, or are driven by the
  // calling thread, when it is destroyed.
  Server(std::vector<Loop*> loops, ServerOptions options = {});
  Server(Runtime& runtime, ServerOptions options = {});
  Server(const Server&) = delete;
  ~Server();

  // The service outlives the server. INVALID_ARGUMENT when it was added already.
  Status add(Service& service);
  // One more layer of a chain; its place and name say where in it. The chain without a name is that of every listener
  // that does not choose another (ListenOptions::chain).
  void add_layer(std::shared_ptr<const Layer> layer, std::string_view chain = {});
  // There is such a chain, perhaps without layers: for an internal port.
  void add_chain(std::string_view chain);
  // In place of ServerOptions::meters.
  void measure_with(Meters meters);
  // Answers the methods that no service has, by bytes: for proxies and tools. call.path() names the method.
  void set_fallback(std::unique_ptr<Handler> handler);

  // Compiles the chains. No service or layer after it. INVALID_ARGUMENT when the layers can't be put in an order; the
  // message names them.
  Status start();

  // Binds and listens; accepts from then on. The result is the bound address, with the port that the system picked for
  // 0. UNAVAILABLE with the system's reason; INVALID_ARGUMENT when there is no service or no chain of a name in
  // `options`. May be called for several addresses. REQUIRES: start(), a runtime's loops.
  Result<net::SockAddress> listen(const net::SockAddress& address, ListenOptions options = {});
  // Serves one connection that somebody else made, with every service. On the stream's loop only.
  void serve(std::unique_ptr<net::ByteStream> stream);

  // The graceful end: connections are told (GOAWAY), new ones are still taken and told at once, calls may end within
  // `grace`; what still runs then is cancelled with UNAVAILABLE. `done` is called once, on some loop, when no
  // connection is left and the listeners are closed. A second call with a shorter grace shortens it.
  void drain(Duration grace, std::function<void()> done);

  const std::vector<const ServiceInfo*>& services() const;
  // What every method is wrapped in, chain by chain. REQUIRES: start().
  std::vector<MethodChain> chains() const;
  // What it is doing, loop by loop; the caller's status when it is cancelled first. From a coroutine of any loop, this
  // server's or another's, which ends before the server does. REQUIRES: start().
  Task<Result<ServerReport>> inspect() const;
  // Open connections; a glance, for health pages and tests.
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle
