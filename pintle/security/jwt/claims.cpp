#include <pintle/security/jwt/claims.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <pintle/security/jwt/internal/strict_json.hpp>

namespace pintle {

namespace {

namespace json = boost::json;
using Refusal = std::unexpected<JwtFault>;

constexpr double kLatest = 253402300799;  // the end of the year 9999
constexpr double kFarthest = 9e9;         // the year 2255; WallTime ends in 2262, and leeways are added to it

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

// The claim at a path of names with dots between them; one whose name has dots itself comes first.
const json::value* claim_at(const json::object& claims, std::string_view path) {
  if (const json::value* whole = claims.if_contains(json::string_view(path.data(), path.size()))) return whole;
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const json::value* first = claims.if_contains(json::string_view(path.data(), dot));
  return first != nullptr && first->is_object() ? claim_at(first->get_object(), path.substr(dot + 1)) : nullptr;
}

// NumericDate: seconds, perhaps with a fraction. Nothing: it is not there.
std::expected<std::optional<WallTime>, JwtFault> time_at(const json::object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return std::nullopt;
  double seconds = -1;
  if (value->is_int64())
    seconds = static_cast<double>(value->get_int64());
  else if (value->is_uint64())
    seconds = static_cast<double>(value->get_uint64());
  else if (value->is_double())
    seconds = value->get_double();
  if (!(seconds >= 0 && seconds <= kLatest)) return Refusal(JwtFault::bad_claim);
  return WallTime(
      std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(std::min(seconds, kFarthest))));
}

std::expected<std::vector<std::string>, JwtFault> texts_of(const json::value& value) {
  if (!value.is_array()) return Refusal(JwtFault::bad_claim);
  std::vector<std::string> texts;
  for (const json::value& one : value.get_array()) {
    if (!one.is_string()) return Refusal(JwtFault::bad_claim);
    texts.emplace_back(view(one.get_string()));
  }
  return texts;
}

std::expected<void, JwtFault> check_audience(const ClaimRules& rules, const json::object& claims) {
  if (rules.audiences.empty()) return {};
  const json::value* value = claims.if_contains("aud");
  if (value == nullptr) return Refusal(JwtFault::wrong_audience);
  std::vector<std::string> all;
  if (value->is_string()) {
    all.emplace_back(view(value->get_string()));
  } else {
    auto texts = texts_of(*value);
    if (!texts) return Refusal(texts.error());
    all = std::move(*texts);
  }
  const bool ours = std::ranges::any_of(
      all, [&](const std::string& one) { return std::ranges::find(rules.audiences, one) != rules.audiences.end(); });
  if (!ours) return Refusal(JwtFault::wrong_audience);
  return {};
}

std::expected<std::optional<WallTime>, JwtFault> check_times(const ClaimRules& rules, const json::object& claims,
                                                             WallTime now) {
  const auto expiry = time_at(claims, "exp"), begin = time_at(claims, "nbf"), issued = time_at(claims, "iat");
  if (!expiry || !begin || !issued) return Refusal(JwtFault::bad_claim);
  if (!*expiry && rules.expires) return Refusal(JwtFault::bad_claim);
  if (*expiry && now >= **expiry + rules.leeway) return Refusal(JwtFault::expired);
  for (const auto& earliest : {*begin, *issued})
    if (earliest && now + rules.leeway < *earliest) return Refusal(JwtFault::not_yet_valid);
  return *expiry;
}

std::expected<std::vector<std::string>, JwtFault> roles_of(const ClaimRules& rules, const json::object& claims) {
  const json::value* value = claim_at(claims, rules.roles_claim);
  if (value == nullptr) return std::vector<std::string>();
  return texts_of(*value);
}

std::expected<std::vector<std::string>, JwtFault> scopes_of(const ClaimRules& rules, const json::object& claims) {
  const json::value* value = claim_at(claims, rules.scopes_claim);
  std::vector<std::string> scopes;
  if (value == nullptr) return scopes;
  if (!value->is_string()) {
    if (rules.scopes_claim == "scope") return Refusal(JwtFault::bad_claim);
    return texts_of(*value);
  }
  std::string_view rest = view(value->get_string());
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (!word.empty()) scopes.emplace_back(word);
  }
  return scopes;
}

bool same_type(std::string_view a, std::string_view b) {
  const auto bare = [](std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower.starts_with("application/")) lower.erase(0, 12);
    return lower;
  };
  return bare(a) == bare(b);
}

}  // namespace

std::expected<std::string, JwtFault> issuer_of(std::string_view payload) {
  const auto claims = jwt::parse_object(payload);
  if (!claims) return Refusal(JwtFault::malformed);
  const json::string* issuer = jwt::text_at(*claims, "iss");
  if (issuer == nullptr) return Refusal(JwtFault::unknown_issuer);
  return std::string(view(*issuer));
}

bool is_type_of(const ClaimRules& rules, const std::optional<std::string>& type) {
  const auto is = [&](std::string_view one) { return same_type(*type, one); };
  if (rules.types.empty()) return !type || is("JWT") || is("at+jwt");
  return type && std::ranges::any_of(rules.types, is);
}

std::expected<Identity, JwtFault> identity_of(const ClaimRules& rules, std::string_view payload, WallTime now) {
  const auto claims = jwt::parse_object(payload);
  if (!claims) return Refusal(JwtFault::malformed);
  const json::string* issuer = jwt::text_at(*claims, "iss");
  if (issuer == nullptr || view(*issuer) != rules.issuer) return Refusal(JwtFault::unknown_issuer);
  if (auto checked = check_audience(rules, *claims); !checked) return Refusal(checked.error());
  const auto expiry = check_times(rules, *claims, now);
  if (!expiry) return Refusal(expiry.error());
  const json::value* subject = claim_at(*claims, rules.subject_claim);
  if (subject == nullptr || !subject->is_string() || subject->get_string().empty()) return Refusal(JwtFault::bad_claim);
  const auto roles = roles_of(rules, *claims), scopes = scopes_of(rules, *claims);
  if (!roles || !scopes) return Refusal(JwtFault::bad_claim);

  Identity identity;
  identity.subject(view(subject->get_string())).issuer(rules.issuer);
  for (const std::string& role : *roles) identity.role(role);
  for (const std::string& scope : *scopes) identity.scope(scope);
  for (const auto& [name, value] : *claims)
    identity.claim(std::string_view(name.data(), name.size()), json::serialize(value));
  if (*expiry) identity.expires(**expiry);
  return identity;
}

}  // namespace pintle
