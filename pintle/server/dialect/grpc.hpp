// What a request of content-type application/grpc says, and how its answer looks (grpc/doc/PROTOCOL-HTTP2.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>
#include <pintle/transport/exchange.hpp>

namespace pintle::server {

// A request's head, understood. Views are valid as long as the fields are.
struct GrpcRequest {
  std::string_view path;
  transport::Annotation* path_note = nullptr;  // of the table entry, when there is one
  std::string_view authority;
  std::optional<Duration> timeout;
  bool proto_suffix = false;  // application/grpc+proto: the answer says the same
  // Not 0: it is no gRPC request; answer with this HTTP status and nothing else.
  int http_error = 0;
  // Not OK: it is one, and is refused before any chain.
  Status refusal;
  bool unknown_encoding = false;  // that is why
};

// Reads `fields`; metadata go to `metadata`, which is not cleared. Never fails: what is wrong is in the result.
GrpcRequest read_grpc_request(const transport::Headers& fields, Metadata& metadata);

// The path of a request head, for choosing where its call is made.
const transport::HeaderField* find_path(const transport::Headers& fields);

// Writes the answers of one loop; keeps its scratch memory.
class GrpcResponder {
 public:
  // The head before the first message. Metadata that gRPC does not allow are left out: check them where they are set.
  void head(transport::Exchange& to, bool proto_suffix, const Metadata& metadata);
  // The status: as trailers, or as the whole response when no head was sent. Its message is cut to 2 KiB as coded, and
  // details above 4 KiB are left out: with more the peer might refuse the block that carries the status.
  void status(transport::Exchange& to, bool head_sent, bool proto_suffix, const Status& status,
              const Metadata& trailers);
  // The whole response to a grpc-encoding that we lack: it says which we take (grpc/doc/compression.md).
  void unknown_encoding(transport::Exchange& to, bool proto_suffix, const Status& refusal);
  // An HTTP status without a body, for requests that are not gRPC.
  void http_error(transport::Exchange& to, int status);

 private:
  void write_status(transport::Exchange& to, bool head_sent, bool proto_suffix, const Status& status,
                    const Metadata& trailers, bool offer_encodings);
  void add_metadata(const Metadata& metadata);
  std::vector<transport::OutField> fields_;
  std::vector<std::string> values_;  // what fields_ views, where it had to be coded
  std::size_t used_ = 0;
  std::string& scratch();
};

}  // namespace pintle::server
