// What the head and the trailers of a response say about a call, and the status that follows from all of it
// (grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/http-grpc-status-mapping.md).
#pragma once

#include <optional>

#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>
#include <pintle/transport/exchange.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle::client {

class ResponseReader {
 public:
  // The metadata of a head go to `head`, those of trailers, and of a Trailers-Only head, to `trailers`.
  void on_head(const transport::Headers& fields, bool end, Metadata& head, Metadata& trailers);
  void on_trailers(const transport::Headers& fields, Metadata& trailers);
  void on_reset(transport::ErrorCode code, transport::Initiator by);

  // Head that makes it pointless to read messages: not 200, not gRPC, an encoding that nobody asked for.
  bool broken() const { return !head_error_.ok(); }
  // Anything of a response came.
  bool answered() const { return has_head_ || status_ || !head_error_.ok(); }
  // The response's head came and is not the whole response.
  bool has_head() const { return has_head_; }
  // How its messages may be compressed.
  wire::Encoding encoding() const { return encoding_; }
  bool refused() const { return refused_; }  // the peer says that it did not process the call

  // How the call ended, once its body has: the peer's status, or what its absence means.
  Status outcome() const;

 private:
  struct Fields;
  void on_other_head(const transport::Headers& fields, bool end, Metadata& head, Metadata& trailers);
  void read(const transport::Headers& fields, Fields& into, Metadata& metadata);

  bool has_head_ = false, refused_ = false;
  wire::Encoding encoding_ = wire::Encoding::identity;
  Status head_error_;
  std::optional<Status> status_;  // from trailers, or from a Trailers-Only head
  Status reset_;
};

}  // namespace pintle::client
