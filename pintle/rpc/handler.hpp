// The core in one sentence: a Layer wraps a Handler, an asynchronous function from a call to its status.
#pragma once

#include <memory>

#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/type_info.hpp>

namespace pintle {

struct ChannelReport;
class Loop;
class BegunCall;
class Message;
struct LetGo;
class LayerCall;
class MemoryAccount;

// Handles the calls of one method; client and server alike. One object serves many calls at once, on every loop. It
// returns when the response is complete; messages go through the call's Source and Sink. What it throws becomes the
// status that its caller sees (ExceptionPolicy): the `next` of a layer never throws.
class Handler {
 public:
  virtual Task<Status> operator()(LayerCall& call) = 0;
  // For generated stubs, on the outermost handler of a client's chain: begins a unary call whose one request is
  // `request` (and also what its source gives) and whose sink is never full, and which needs no coroutine of its own.
  // Null: operator() is asked instead, always where a layer stands.
  virtual std::unique_ptr<BegunCall, LetGo> begin(LayerCall& call, const Message& request);
  virtual ~Handler() = default;
};

// Where a stub's calls go.
class Channel {
 public:
  // The compiled chain of one method; stubs ask once. It lives as long as the channel. Any thread.
  virtual Handler& method(const MethodInfo& method) = 0;
  // A loop on which a call from a foreign thread may run. Any thread.
  virtual Loop& loop() = 0;
  // Where the streams of calls on this loop charge what they hold; null: nobody counts. That loop's thread.
  virtual MemoryAccount* memory(const Loop&) { return nullptr; }
  // What it is doing (inspect.hpp). UNIMPLEMENTED where nobody can say; the caller's status when it is cancelled first.
  // Any loop.
  virtual Task<Result<ChannelReport>> inspect();
  virtual ~Channel() = default;
};

// What a server serves: generated service classes derive from it, and so do proxies.
class Service {
 public:
  virtual const ServiceInfo& info() const = 0;
  // The handler of info().methods[index]. Called once per method when the server starts; the service outlives it.
  virtual std::unique_ptr<Handler> handler(std::size_t index) = 0;
  virtual ~Service() = default;
};

}  // namespace pintle
