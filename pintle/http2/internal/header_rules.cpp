#include <pintle/http2/internal/header_rules.hpp>

#include <charconv>
#include <optional>

namespace pintle::http2 {
namespace {

constexpr std::uint32_t bit(Token token) { return std::uint32_t{1} << static_cast<unsigned>(token); }

constexpr std::uint32_t kConnectionSpecific = bit(Token::connection) | bit(Token::keep_alive) |
                                              bit(Token::proxy_connection) | bit(Token::transfer_encoding) |
                                              bit(Token::upgrade);
constexpr std::uint32_t kAnyPseudo = bit(Token::authority) | bit(Token::method) | bit(Token::path) |
                                     bit(Token::scheme) | bit(Token::status) | bit(Token::unknown_pseudo);
constexpr std::uint32_t kRequestPseudo =
    bit(Token::authority) | bit(Token::method) | bit(Token::path) | bit(Token::scheme);
constexpr std::uint32_t kForbidden = kAnyPseudo | kConnectionSpecific;  // behind the pseudo-headers
// Fields that take a second look.
constexpr std::uint32_t kSpecial = bit(Token::te) | bit(Token::content_length) | bit(Token::host);

std::optional<std::int64_t> parse_length(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text[0] == '-') return std::nullopt;
  return value;
}

// One pass over a field section. `seen` has a bit for every token that occurred, `filled` for every pseudo-header with
// a value.
struct Scan {
  std::uint32_t seen = 0, filled = 0;
  std::string_view method;
  std::int64_t content_length = -1;

  bool special(const HeaderField& field) {
    switch (field.token) {
      case Token::te:
        return field.value == "trailers";
      case Token::host:
        return (seen & bit(Token::host)) == 0;
      case Token::content_length: {
        const auto length = parse_length(field.value);
        if (!length || (content_length >= 0 && *length != content_length)) return false;
        content_length = *length;
        return true;
      }
      default:
        return true;
    }
  }

  // False when a field is not allowed where it stands.
  bool run(const HeaderList& fields, std::uint32_t allowed_pseudo) {
    const HeaderField* field = fields.data();
    const HeaderField* const end = field + fields.size();
    for (; field != end && is_pseudo(field->token); ++field) {
      const std::uint32_t token = bit(field->token);
      if ((token & allowed_pseudo & ~seen) == 0 || !field->valid_value) return false;
      seen |= token;
      if (!field->value.empty()) filled |= token;
      if (field->token == Token::method) method = field->value;
    }
    for (; field != end; ++field) {
      if (!(field->valid_name & field->valid_value)) return false;
      const std::uint32_t token = bit(field->token);
      if ((token & (kForbidden | kSpecial)) != 0 && ((token & kForbidden) != 0 || !special(*field))) return false;
      seen |= token;
    }
    return true;
  }
};

}  // namespace

HeadVerdict check_request(const HeaderList& fields) {
  Scan scan;
  if (!scan.run(fields, kRequestPseudo)) return {};
  constexpr std::uint32_t kNeeded = bit(Token::method) | bit(Token::path) | bit(Token::scheme);
  const bool connect = scan.method == "CONNECT";
  if (!connect && (scan.filled & kNeeded) != kNeeded) return {};
  // Section 8.5: CONNECT has an authority and neither scheme nor path.
  constexpr std::uint32_t kConnect = bit(Token::method) | bit(Token::authority);
  if (connect && ((scan.seen & kAnyPseudo) != kConnect || (scan.filled & kConnect) != kConnect)) return {};
  return {.well_formed = true, .content_length = scan.content_length};
}

HeadVerdict check_response(const HeaderList& fields) {
  Scan scan;
  if (!scan.run(fields, bit(Token::status)) || (scan.seen & bit(Token::status)) == 0) return {};
  const std::string_view status = fields.front().value;
  if (status.size() != 3 || status[0] < '1' || status[0] > '9') return {};
  for (const char c : status) {
    if (c < '0' || c > '9') return {};
  }
  if (status == "101") return {};  // section 8.6: there is no upgrade in HTTP/2
  const bool bodyless = status == "204" || status == "304";
  return {
      .well_formed = true, .informational = status[0] == '1', .content_length = bodyless ? -1 : scan.content_length};
}

bool check_trailers(const HeaderList& fields) { return Scan().run(fields, 0); }

}  // namespace pintle::http2
