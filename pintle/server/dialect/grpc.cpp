#include <pintle/server/dialect/grpc.hpp>

#include <array>
#include <utility>

#include <pintle/wire/content_type.hpp>
#include <pintle/wire/metadata_coding.hpp>
#include <pintle/wire/percent.hpp>
#include <pintle/wire/status_map.hpp>
#include <pintle/wire/timeout.hpp>

namespace pintle::server {

using transport::Indexing;
using transport::PreparedBlock;
using transport::Token;

namespace {

const PreparedBlock kOkTrailers(1, {{"grpc-status", "0"}});
const PreparedBlock kNoTrailers(2, {});
constexpr std::uint32_t kFirstHeadId = 3;

// By ResponseForm::index().
PreparedBlock prepared_head(std::size_t index) {
  const std::size_t coding = index / 2;
  std::vector<std::pair<std::string, std::string>> fields = {
      {":status", "200"},
      {"content-type", std::string(index % 2 == 0 ? wire::kGrpcContentType : wire::kGrpcProtoContentType)}};
  if (coding > 1) fields.emplace_back("grpc-encoding", wire::encoding_name(static_cast<wire::Encoding>(coding - 1)));
  if (coding > 0) fields.emplace_back("grpc-accept-encoding", wire::kAcceptEncoding);
  return PreparedBlock(kFirstHeadId + static_cast<std::uint32_t>(index), std::move(fields));
}

const auto kHeads = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array{prepared_head(I)...};
}(std::make_index_sequence<ResponseForm::kCount>());

// Parsed once for as long as the field stands in the connection's header table.
wire::EncodingSet accepted_by(const transport::HeaderField& field) {
  if (field.annotation == nullptr) return wire::parse_accept_encoding(field.value);
  if (field.annotation->value == 0) field.annotation->value = wire::parse_accept_encoding(field.value).bits();
  return wire::EncodingSet::from_bits(static_cast<std::uint8_t>(field.annotation->value));
}

// grpc-message (coded) and grpc-status-details-bin (not yet coded), in bytes: a peer's header list is 8 KiB by
// suggestion, and the status must get through.
constexpr std::size_t kMaxMessage = 2048;
constexpr std::size_t kMaxDetails = 4 * 1024;

}  // namespace

const transport::HeaderField* find_path(const transport::Headers& fields) {
  for (const auto& field : fields)
    if (field.token == Token::path) return &field;
  return nullptr;
}

GrpcRequest read_grpc_request(const transport::Headers& fields, RequestHead& head, Metadata& metadata) {
  GrpcRequest request;
  bool has_content_type = false;
  for (const auto& field : fields) {
    switch (field.token) {
      case Token::path:
        head.path = field.value;
        break;
      case Token::authority:
      case Token::host:
        if (head.authority.empty()) head.authority = field.value;
        break;
      case Token::method:
        if (field.value != "POST") request.http_error = 405;
        break;
      case Token::content_type: {
        has_content_type = true;
        const wire::ContentType type = wire::parse_content_type(field.value);
        if (type == wire::ContentType::not_grpc) {
          if (request.http_error == 0) request.http_error = 415;
        } else if (type == wire::ContentType::grpc_proto) {
          request.form.add_proto_suffix();
        } else if (type == wire::ContentType::grpc_other && head.refusal.ok()) {
          head.refusal = Status(Code::unimplemented,
                                fmt::format("messages of content-type {} can't be read", field.value), Origin::library);
        }
        break;
      }
      case Token::grpc_timeout:
        head.timeout = wire::parse_timeout(field.value);
        if (!head.timeout && head.refusal.ok())
          head.refusal =
              Status(Code::internal, "grpc-timeout is malformed: it takes 1 to 8 digits and one of H M S m u n",
                     Origin::library);
        break;
      case Token::grpc_encoding:
        request.form.offer_encodings();
        if (const auto encoding = wire::parse_encoding(field.value)) {
          request.encoding = *encoding;
        } else if (head.refusal.ok()) {
          head.refusal = Status(
              Code::unimplemented,
              fmt::format("grpc-encoding {} is not supported; these are: {}", field.value, wire::kAcceptEncoding),
              Origin::library);
        }
        break;
      case Token::grpc_accept_encoding:
        request.form.offer_encodings();
        request.accepts.add(accepted_by(field));
        break;
      case Token::user_agent:
        metadata.add(field.name, field.value);
        break;
      case Token::authorization:
        request.credential_note = field.annotation;
        [[fallthrough]];
      case Token::other:
      case Token::cookie:
      case Token::grpc_other:
        if (Status bad = wire::decode_field(field.name, field.value, metadata); !bad.ok() && head.refusal.ok())
          head.refusal = std::move(bad);
        break;
      default:
        break;
    }
  }
  if (!has_content_type && request.http_error == 0) request.http_error = 415;
  if (request.http_error != 0)
    head.refusal = Status(wire::code_from_http_status(request.http_error),
                          request.http_error == 405 ? "the request is no POST, which gRPC wants (HTTP status 405)"
                                                    : "the content-type is not gRPC's (HTTP status 415)",
                          Origin::library);
  return request;
}

std::string& GrpcResponder::scratch() {
  if (used_ == values_.size()) values_.emplace_back();
  std::string& s = values_[used_++];
  s.clear();
  return s;
}

void GrpcResponder::add_metadata(const Metadata& metadata) {
  for (Metadata::Entry entry : metadata) {
    if (!wire::check_entry(entry).ok()) continue;
    fields_.push_back({entry.key, Metadata::is_binary(entry.key) ? wire::encode_value(entry, scratch()) : entry.value,
                       Indexing::without});
  }
}

void GrpcResponder::head(transport::Exchange& to, ResponseForm form, const Metadata& metadata) {
  if (metadata.empty()) [[likely]]
    return to.send_head(kHeads[form.index()], {}, false);
  fields_.clear();
  used_ = 0;
  values_.reserve(metadata.size());
  add_metadata(metadata);
  to.send_head(kHeads[form.index()], fields_, false);
}

void GrpcResponder::status(transport::Exchange& to, bool head_sent, ResponseForm form, const Status& status,
                           const Metadata& trailers) {
  const bool plain = status.ok() && head_sent;
  if (plain && trailers.empty()) [[likely]]
    return to.send_trailers(kOkTrailers, {});
  fields_.clear();
  used_ = 0;
  values_.reserve(trailers.size() + 2);
  if (!plain) {
    fields_.push_back({"grpc-status", wire::format_grpc_status(status.code()), Indexing::incremental});
    if (!status.message().empty()) {
      std::string& coded = scratch();
      wire::percent_encode_within(status.message(), kMaxMessage, coded);
      fields_.push_back({"grpc-message", coded, Indexing::without});
    }
    if (!status.details().empty() && status.details().size() <= kMaxDetails) {
      const Metadata::Entry entry{"grpc-status-details-bin", status.details()};
      fields_.push_back({entry.key, wire::encode_value(entry, scratch()), Indexing::without});
    }
  }
  add_metadata(trailers);
  if (!head_sent)
    to.send_head(kHeads[form.index()], fields_, true);
  else
    to.send_trailers(plain ? kOkTrailers : kNoTrailers, fields_);
}

void GrpcResponder::http_error(transport::Exchange& to, int status) {
  fields_.clear();
  const std::string number = std::to_string(status);
  fields_.push_back({":status", number, Indexing::without});
  to.send_head(kNoTrailers, fields_, true);
}

}  // namespace pintle::server
