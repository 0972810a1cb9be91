// One call on the server: an exchange below, a chain above, and the answer exactly once. Pooled per loop and method.
#pragma once

#include <memory>
#include <string>

#include <pintle/rpc/call.hpp>
#include <pintle/rpc/framed.hpp>
#include <pintle/server/dialect/grpc.hpp>
#include <pintle/server/internal/router.hpp>
#include <pintle/transport/connection.hpp>

namespace pintle::server {

class LoopServer;

// Life: accept() -> on_start() -> the chain runs -> complete(), after which it is back in its pool. The response may
// end earlier (deadline, framing error); the slot is free only when the handler's frame is gone.
class ServerCall final : public transport::Receiver {
 public:
  ServerCall(LoopServer& loop_server, const Method& method);
  ~ServerCall();

  // For the next request; `fields` are valid during the call only.
  transport::Exchange& accept(const std::shared_ptr<const transport::Peer>& peer, const transport::Headers& fields);

  const Method& method() const { return method_; }

 private:
  void on_start() override;
  void on_head(const transport::Headers&, bool) override {}
  void on_body() override { source_.changed(); }
  void on_trailers(const transport::Headers&) override {}  // gRPC clients send none
  void on_reset(transport::ErrorCode code, transport::Initiator by) override;
  void on_writable() override { sink_.changed(); }

  // Response messages; the head goes out before the first.
  class ResponseSink final : public FramedSink {
   public:
    explicit ResponseSink(ServerCall& of) : FramedSink(of.exchange_), call_(of) {}
    void head(const Metadata& metadata) override;
    using FramedSink::reset;

   private:
    void before_first() override { head(call_.call_.response_head); }
    ServerCall& call_;
  };
  // Hears of the end of the call before its handler does.
  struct Ended : CancelNode {
    explicit Ended(ServerCall& of);
    ServerCall& call;
  };

  static Root run(ServerCall* self);
  Status failed() noexcept;  // what an exception becomes
  void respond(const Status& status);
  void complete(const Status& status);

  LoopServer& loop_server_;
  const Method& method_;
  transport::Exchange exchange_{*this};
  Call call_;
  FramedSource source_;
  ResponseSink sink_;
  Ended ended_;
  void* request_ = nullptr;  // pooled messages
  void* reply_ = nullptr;
  std::string path_;       // of a call whose method is unknown
  std::string authority_;  // kept from call to call: it rarely changes
  std::shared_ptr<const transport::Peer> peer_;
  int http_error_ = 0;
  Status refusal_;
  ResponseForm form_;
  wire::EncodingSet accepts_;  // the client
  bool head_sent_ = false, responded_ = false;
};

}  // namespace pintle::server
