// One call of content-type application/grpc: framed messages, a status in the trailers (grpc/doc/PROTOCOL-HTTP2.md).
#pragma once

#include <pintle/rpc/framed.hpp>
#include <pintle/server/dialect/dialect.hpp>
#include <pintle/server/dialect/grpc.hpp>

namespace pintle::server {

class GrpcCall final : public DialectCall {
 public:
  // What the calls of one loop share; `compression` is that of responses of calls that do not say.
  struct Shared {
    Shared(GrpcResponder& r, Loop& l, std::size_t max, wire::Encoding e)
        : responder(r), loop(l), max_receive_message(max), compression(e) {}
    wire::Codec& codec() const { return loop.local<wire::Codec>(); }
    GrpcResponder& responder;
    Loop& loop;
    std::size_t max_receive_message;
    wire::Encoding compression;
  };
  // All outlive it.
  GrpcCall(LayerCall& call, transport::Exchange& exchange, const Shared& shared)
      : call_(call), exchange_(exchange), shared_(shared), source_(exchange, call), sink_(*this) {}

  RequestHead accept(const transport::Headers& fields, void** slot, std::uint64_t& last_credential) override;
  RequestHead accept_too_large(void** slot) override;
  Source& source() override { return source_; }
  std::size_t lent() const override { return source_.lent(); }
  Sink& sink() override { return sink_; }
  void on_body() override { source_.changed(); }
  void on_writable() override { sink_.changed(); }
  void end(const Status& status) override;
  void finish() override { source_.finish(); }
  std::size_t largest_request() const override { return source_.largest(); }
  std::size_t largest_response() const override { return sink_.largest(); }
  std::size_t kept_memory() const override { return source_.kept_memory(); }

 private:
  // Response messages; the head goes out before the first.
  class ResponseSink final : public FramedSink {
   public:
    explicit ResponseSink(GrpcCall& of) : FramedSink(of.exchange_, of.call_.traffic.out), of_(of) {}
    void head(const Metadata& metadata) override { of_.send_head(metadata); }
    wire::Encoding coding() const override { return of_.head_sent_ ? FramedSink::coding() : of_.coding(); }
    using FramedSink::compress_with;
    using FramedSink::reset;

   private:
    void before_first() override { head(of_.call_.response_head); }
    GrpcCall& of_;
  };
  wire::Encoding coding() const;
  void reset(void** slot);
  void send_head(const Metadata& metadata);

  LayerCall& call_;
  transport::Exchange& exchange_;
  const Shared& shared_;
  FramedSource source_;
  ResponseSink sink_;
  ResponseForm form_;
  wire::EncodingSet accepts_;  // the client
  int http_error_ = 0;
  bool head_sent_ = false;
};

}  // namespace pintle::server
