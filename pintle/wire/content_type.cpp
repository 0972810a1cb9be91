#include <pintle/wire/content_type.hpp>

#include <algorithm>

namespace pintle::wire {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace

ContentType parse_content_type(std::string_view value) noexcept {
  if (value == kGrpcContentType) return ContentType::grpc;
  if (value == kGrpcProtoContentType) return ContentType::grpc_proto;

  value = value.substr(0, value.find(';'));
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  if (!equal_without_case(value.substr(0, kGrpcContentType.size()), kGrpcContentType)) return ContentType::not_grpc;
  value.remove_prefix(kGrpcContentType.size());
  if (value.empty()) return ContentType::grpc;
  if (!value.starts_with('+')) return ContentType::not_grpc;
  return equal_without_case(value, "+proto") ? ContentType::grpc_proto : ContentType::grpc_other;
}

}  // namespace pintle::wire
