#include <pintle/security/jwt/jws.hpp>

#include <algorithm>
#include <utility>

#include <pintle/security/jwt/base64url.hpp>
#include <pintle/security/jwt/internal/strict_json.hpp>

namespace pintle {

namespace {

constexpr std::size_t kLongestKid = 256;

std::expected<std::optional<std::string>, JwtFault> member(const boost::json::object& header, std::string_view name) {
  if (!header.contains(boost::json::string_view(name.data(), name.size()))) return std::nullopt;
  const boost::json::string* text = jwt::text_at(header, name);
  if (text == nullptr || text->size() > kLongestKid) return std::unexpected(JwtFault::malformed);
  return std::string(text->data(), text->size());
}

}  // namespace

std::expected<Jws, JwtFault> parse_jws(std::string_view token, std::size_t longest) {
  if (token.size() > longest) return std::unexpected(JwtFault::too_long);
  const std::size_t first = token.find('.'), second = token.rfind('.');
  if (first == std::string_view::npos || std::ranges::count(token, '.') != 2)
    return std::unexpected(JwtFault::malformed);
  const auto header_text = decode_base64url(token.substr(0, first));
  auto payload = decode_base64url(token.substr(first + 1, second - first - 1));
  auto signature = decode_base64url(token.substr(second + 1));
  if (!header_text || !payload || !signature) return std::unexpected(JwtFault::malformed);
  const auto header = jwt::parse_object(*header_text);
  if (!header) return std::unexpected(JwtFault::malformed);
  const boost::json::string* name = jwt::text_at(*header, "alg");
  if (name == nullptr) return std::unexpected(JwtFault::malformed);
  const auto algorithm = jws_algorithm(std::string_view(name->data(), name->size()));
  if (!algorithm) return std::unexpected(JwtFault::unsupported_algorithm);
  for (const char* never : {"crit", "b64", "zip", "enc", "cty"})
    if (header->contains(never)) return std::unexpected(JwtFault::malformed);
  if (signature->empty()) return std::unexpected(JwtFault::malformed);
  auto kid = member(*header, "kid"), type = member(*header, "typ");
  if (!kid || !type) return std::unexpected(JwtFault::malformed);
  Jws jws;
  jws.signing_input = token.substr(0, second);
  jws.signature = std::move(*signature);
  jws.payload = std::move(*payload);
  jws.algorithm = *algorithm;
  jws.kid = std::move(*kid);
  jws.type = std::move(*type);
  return jws;
}

}  // namespace pintle
