#include <pintle/security/authz/internal/rule.hpp>

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pintle::authz {

namespace {

namespace json = boost::json;

bool any(const Patterns& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const TextPattern& p) { return p.matches(text); });
}

bool any_of_them(const Patterns& patterns, const std::vector<std::string>& texts) {
  return std::ranges::any_of(texts, [&](const std::string& text) { return any(patterns, text); });
}

bool is_principal(const Patterns& patterns, const Identity& identity) {
  return any(patterns, identity.subject()) || any_of_them(patterns, identity.certificate_names());
}

bool value_matches(const Patterns& patterns, const json::value& value) {
  if (const json::string* text = value.if_string()) return any(patterns, {text->data(), text->size()});
  if (const json::array* list = value.if_array())
    return std::ranges::any_of(*list,
                               [&](const json::value& one) { return !one.is_array() && value_matches(patterns, one); });
  if (value.is_object() || value.is_null()) return false;
  return any(patterns, json::serialize(value));
}

// The claim at a path of names with dots between them; one whose name has dots itself comes first.
bool claim_matches(const NamedPatterns& wanted, const Identity& identity) {
  for (std::size_t end = wanted.name.size(); end != std::string::npos && end != 0;
       end = wanted.name.rfind('.', end - 1)) {
    const auto text = identity.claim(std::string_view(wanted.name).substr(0, end));
    if (!text) continue;
    json::error_code failed;
    const json::value parsed = json::parse(json::string_view(text->data(), text->size()), failed);
    const json::value* at = failed ? nullptr : &parsed;
    std::string_view rest = std::string_view(wanted.name).substr(std::min(end + 1, wanted.name.size()));
    while (at != nullptr && !rest.empty()) {
      const std::string_view step = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(rest.size(), step.size() + 1));
      at = at->is_object() ? at->get_object().if_contains(json::string_view(step.data(), step.size())) : nullptr;
    }
    return at != nullptr && value_matches(wanted.values, *at);
  }
  return false;
}

// To deny, one value that matches is enough, and so is what all of them are together; to allow, each must: nobody gets
// by with a second value.
bool header_matches(const NamedPatterns& wanted, const Metadata& metadata, bool denies) {
  bool there = false, every = true, one = false;
  std::string all;
  for (const auto& [key, value] : metadata) {
    if (key != wanted.name) continue;
    if (there) all += ',';
    all += value;
    there = true;
    const bool matched = any(wanted.values, value);
    every = every && matched;
    one = one || matched;
  }
  if (!there) return false;
  return denies ? one || any(wanted.values, all) : every;
}

std::string texts_of(const Patterns& patterns) {
  std::vector<std::string> texts;
  for (const TextPattern& pattern : patterns) texts.push_back(pattern.to_string());
  return fmt::format("{}", fmt::join(texts, " or "));
}

}  // namespace

bool Rule::is_about(std::string_view path) const { return paths.empty() || any(paths, path); }

bool Rule::matches(const AuthorizationRequest& request) const {
  const Identity& who = request.identity;
  if (authenticated && !who.is_authenticated()) return false;
  if (!principals.empty() && !is_principal(principals, who)) return false;
  if (!issuers.empty() && !any(issuers, who.issuer())) return false;
  if (!roles.empty() && !any_of_them(roles, who.roles())) return false;
  if (!scopes.empty() && !any_of_them(scopes, who.scopes())) return false;
  if (!peers.empty() && std::ranges::none_of(peers, [&](const PeerRange& p) { return p.holds(request.peer); }))
    return false;
  for (const NamedPatterns& claim : claims)
    if (!claim_matches(claim, who)) return false;
  for (const NamedPatterns& header : headers)
    if (!header_matches(header, request.metadata, denies)) return false;
  return true;
}

std::string Rule::to_string() const {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view what, const Patterns& patterns) {
    if (!patterns.empty()) parts.push_back(fmt::format("{} {}", what, texts_of(patterns)));
  };
  if (authenticated) parts.emplace_back("anybody who is authenticated");
  add("principal", principals);
  add("issuer", issuers);
  add("role", roles);
  add("scope", scopes);
  for (const NamedPatterns& claim : claims) add("claim " + claim.name, claim.values);
  for (const NamedPatterns& header : headers) add("metadata " + header.name, header.values);
  std::vector<std::string> from;
  for (const PeerRange& peer : peers) from.push_back(peer.to_string());
  if (!from.empty()) parts.push_back(fmt::format("peer {}", fmt::join(from, " or ")));
  return parts.empty() ? "anybody" : fmt::format("{}", fmt::join(parts, ", and "));
}

}  // namespace pintle::authz
