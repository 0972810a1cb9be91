// One call on the server: an exchange below, a chain above, and the answer exactly once. Pooled per loop and method.
#pragma once

#include <memory>
#include <string>

#include <pintle/rpc/layer_call.hpp>
#include <pintle/server/dialect/grpc_call.hpp>
#include <pintle/server/internal/router.hpp>
#include <pintle/transport/connection.hpp>

namespace pintle::server {

class LoopServer;

// What the calls of one connection share. They may outlive it.
struct ConnectionState {
  explicit ConnectionState(std::shared_ptr<const transport::Peer> p) : peer(std::move(p)) {}
  std::shared_ptr<const transport::Peer> peer;
  VerifiedCredential verified;
  std::uint64_t last_credential = 0;
  bool late = false;  // it came when the server drained already
};

// Life: accept() -> on_start() -> the chain runs -> complete(), after which it is back in its pool. The response may
// end earlier (deadline, reset, framing error); the slot is free only when the handler's frame is gone.
class ServerCall final : public transport::Receiver {
 public:
  ServerCall(LoopServer& loop_server, const Method& method);
  ~ServerCall();

  // For the next request, through the method's chain of that number. `state` is the connection's ConnectionState;
  // `fields` are valid during the call only, null when they were too large to be kept.
  transport::Exchange& accept(const std::shared_ptr<void>& state, const transport::Headers* fields, std::size_t chain);

  const Method& method() const { return method_; }
  std::size_t pool_slot = 0;  // the pool's

 private:
  void on_start() override;
  void on_wait() override;
  void on_head(const transport::Headers&, bool) override {}
  void on_body() override { dialect_.on_body(); }
  void on_trailers(const transport::Headers&) override {}  // gRPC clients send none
  void on_reset(transport::ErrorCode code, transport::Initiator by) override;
  void on_writable() override { dialect_.on_writable(); }
  std::size_t on_shed() override;

  // Hears of the end of the call before its handler does.
  struct Ended : CancelNode {
    explicit Ended(ServerCall& of);
    ServerCall& call;
  };

  static Root run(ServerCall* self);
  void refuse_for_memory();
  void end(const Status& status) noexcept;
  void count_pooled();
  void complete(const Status& status) noexcept;

  LoopServer& loop_server_;
  const Method& method_;
  transport::Exchange exchange_{*this};
  LayerCall call_;
  GrpcCall dialect_;
  Ended ended_;
  const Chain* chain_ = nullptr;
  void* request_ = nullptr;  // pooled messages
  void* reply_ = nullptr;
  std::size_t request_size_ = 0, reply_size_ = 0;  // bytes of the largest message that each has held
  MemoryCharge pooled_;                            // what waits here for the next call
  std::string path_;                               // of a call whose method is unknown
  std::string authority_;                          // kept from call to call: it rarely changes
  std::shared_ptr<ConnectionState> connection_;
};

}  // namespace pintle::server
