// What a request of content-type application/grpc says, and how its answer looks (grpc/doc/PROTOCOL-HTTP2.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>
#include <pintle/server/dialect/dialect.hpp>
#include <pintle/transport/exchange.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle::server {

// Which of the prepared heads a response has. A value type.
class ResponseForm {
 public:
  ResponseForm() = default;
  // Its content-type says "+proto", as the request's did.
  void add_proto_suffix() { proto_suffix_ = true; }
  // It says which codings we take.
  void offer_encodings() { coding_ = kOffer; }
  // It also says how its messages are coded.
  void set_encoding(wire::Encoding encoding) { coding_ = kOffer + static_cast<std::uint8_t>(encoding); }

  static constexpr std::size_t kCount = 2 * (1 + wire::kEncodings);
  std::size_t index() const { return std::size_t{coding_} * 2 + proto_suffix_; }

 private:
  static constexpr std::uint8_t kOffer = 1;
  bool proto_suffix_ = false;
  std::uint8_t coding_ = 0;
};

// What a request's head says of gRPC's own beside what every dialect's does. Views are valid as long as the fields are.
struct GrpcRequest {
  transport::Annotation* credential_note = nullptr;    // of the authorization field's table entry, when there is one
  ResponseForm form;                                   // of the answer
  wire::Encoding encoding = wire::Encoding::identity;  // of the request's messages
  wire::EncodingSet accepts;                           // what the answer's may have
  // Not 0: it is no gRPC request, and the answer is this HTTP status and nothing else.
  int http_error = 0;
};

// Reads `fields`; the rest goes to `head`, which is a fresh one, and metadata to `metadata`, which is not cleared.
// Never fails: what is wrong is in the results.
GrpcRequest read_grpc_request(const transport::Headers& fields, RequestHead& head, Metadata& metadata);

// The path of a request head, for choosing where its call is made; null: it has none (CONNECT, RFC 9113 section 8.5).
const transport::HeaderField* find_path(const transport::Headers& fields);

// Writes the answers of one loop; keeps its scratch memory.
class GrpcResponder {
 public:
  // The head before the first message. Metadata that gRPC does not allow are left out: check them where they are set.
  void head(transport::Exchange& to, ResponseForm form, const Metadata& metadata);
  // The status: as trailers, or as the whole response when no head was sent. Its message is cut to 2 KiB as coded, and
  // details above 4 KiB are left out: with more the peer might refuse the block that carries the status.
  void status(transport::Exchange& to, bool head_sent, ResponseForm form, const Status& status,
              const Metadata& trailers);
  // An HTTP status without a body, for requests that are not gRPC.
  void http_error(transport::Exchange& to, int status);

 private:
  void add_metadata(const Metadata& metadata);
  std::vector<transport::OutField> fields_;
  std::vector<std::string> values_;  // what fields_ views, where it had to be coded
  std::size_t used_ = 0;
  std::string& scratch();
};

}  // namespace pintle::server
