#include <pintle/client/internal/response_reader.hpp>

#include <charconv>
#include <string>
#include <string_view>

#include <pintle/wire/base64.hpp>
#include <pintle/wire/content_type.hpp>
#include <pintle/wire/metadata_coding.hpp>
#include <pintle/wire/percent.hpp>
#include <pintle/wire/status_map.hpp>

namespace pintle::client {

using transport::Token;

struct ResponseReader::Fields {
  int http_status = 0;
  std::optional<std::string_view> content_type, encoding, grpc_status, grpc_message, details;
  Status bad_metadata;

  Status status() const {
    if (*grpc_status == "0") return {};
    const Code code = wire::parse_grpc_status(*grpc_status);
    if (code == Code::ok) return {};
    Status status(code, grpc_message ? wire::percent_decode(*grpc_message) : std::string(), Origin::peer);
    std::string bytes;
    if (details && wire::base64_decode(*details, bytes)) status = status.with_details(std::move(bytes));
    return status;
  }
};

void ResponseReader::read(const transport::Headers& fields, Fields& into, Metadata& metadata) {
  for (const auto& field : fields) {
    switch (field.token) {
      case Token::status:
        if (field.value == "200")
          into.http_status = 200;
        else
          std::from_chars(field.value.data(), field.value.data() + field.value.size(), into.http_status);
        break;
      case Token::content_type:
        into.content_type = field.value;
        break;
      case Token::grpc_encoding:
        into.encoding = field.value;
        break;
      case Token::grpc_status:
        into.grpc_status = field.value;
        break;
      case Token::grpc_message:
        into.grpc_message = field.value;
        break;
      case Token::grpc_status_details_bin:
        into.details = field.value;
        break;
      case Token::other:
      case Token::authorization:
      case Token::cookie:
      case Token::grpc_other:
        if (Status bad = wire::decode_field(field.name, field.value, metadata); !bad.ok() && into.bad_metadata.ok())
          into.bad_metadata = std::move(bad);
        break;
      default:
        break;
    }
  }
}

void ResponseReader::on_head(const transport::Headers& fields, bool end, Metadata& head, Metadata& trailers) {
  // Nearly every head is this one; a server may say what it takes besides.
  const bool only_these = fields.size() == 2 || (fields.size() == 3 && fields[2].token == Token::grpc_accept_encoding);
  if (!end && only_these && fields[0].token == Token::status && fields[0].value == "200" &&
      fields[1].token == Token::content_type && fields[1].value == wire::kGrpcContentType) {
    has_head_ = true;
    return;
  }
  on_other_head(fields, end, head, trailers);
}

void ResponseReader::on_other_head(const transport::Headers& fields, bool end, Metadata& head, Metadata& trailers) {
  Fields f;
  read(fields, f, end ? trailers : head);
  has_head_ = !end;
  if (end && f.grpc_status) {
    status_ = f.status();
  } else if (f.http_status != 200) {
    head_error_ =
        Status(wire::code_from_http_status(f.http_status),
               fmt::format("the server answered with HTTP status {}, not with gRPC", f.http_status), Origin::peer);
  } else if (f.content_type == wire::kGrpcContentType && !f.encoding) {
    head_error_ = f.bad_metadata;
  } else if (!f.content_type || wire::parse_content_type(*f.content_type) == wire::ContentType::not_grpc) {
    head_error_ =
        Status(Code::unknown,
               fmt::format("the server answered with content-type \"{}\", not with gRPC", f.content_type.value_or("")),
               Origin::peer);
  } else if (wire::parse_content_type(*f.content_type) == wire::ContentType::grpc_other) {
    head_error_ = Status(Code::internal,
                         fmt::format("the server answered in the encoding of content-type \"{}\"", *f.content_type),
                         Origin::peer);
  } else if (const auto encoding = wire::parse_encoding(f.encoding.value_or("identity")); !encoding) {
    head_error_ = Status(
        Code::internal,
        fmt::format("the server answered with grpc-encoding {}; offered were {}", *f.encoding, wire::kAcceptEncoding),
        Origin::peer);
  } else {
    encoding_ = *encoding;
    head_error_ = f.bad_metadata;
  }
}

void ResponseReader::on_trailers(const transport::Headers& fields, Metadata& trailers) {
  if (fields.size() == 1 && fields[0].token == Token::grpc_status && fields[0].value == "0") {
    status_.emplace();
    return;
  }
  Fields f;
  read(fields, f, trailers);
  if (f.grpc_status) status_ = f.status();
  if (status_ && status_->ok() && !f.bad_metadata.ok()) status_ = f.bad_metadata;
}

void ResponseReader::on_reset(transport::ErrorCode code, transport::Initiator by) {
  if (by == transport::Initiator::goaway) {
    refused_ = true;
    reset_ = Status(Code::unavailable, "the server is going away and did not begin the call (GOAWAY)", Origin::peer);
    return;
  }
  const std::string name(http2::error_name(code));
  if (by != transport::Initiator::peer) {
    reset_ = code == transport::ErrorCode::no_error
                 ? Status(Code::unavailable, "the connection was lost", Origin::library)
                 : Status(Code::internal, "the server broke the rules of HTTP/2: " + name, Origin::library);
    return;
  }
  refused_ = code == transport::ErrorCode::refused_stream;
  reset_ = Status(wire::code_from_rst_stream(static_cast<std::uint32_t>(code)), "the server reset the stream: " + name,
                  Origin::peer);
}

Status ResponseReader::outcome() const {
  if (!head_error_.ok()) return head_error_;
  if (status_) return *status_;
  if (!reset_.ok()) return reset_;
  return Status(Code::unknown, "the server ended the response without a grpc-status", Origin::peer);
}

}  // namespace pintle::client
