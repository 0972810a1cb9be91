#include <pintle/security/credentials/oauth2_token.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include <pintle/base/basic_authorization.hpp>
#include <pintle/security/jwt/internal/strict_json.hpp>

namespace pintle {

namespace {

constexpr std::size_t kMaxResponse = 64 * 1024;
constexpr std::int64_t kLongestLife = 365LL * 24 * 3600;

// application/x-www-form-urlencoded.
std::string form_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '*';
    if (plain)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      (out += '%') += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

// What a log may show of a server's words.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, 200));
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return out;
}

Status refused(std::string why) { return Status(Code::unavailable, why, Origin::library); }

}  // namespace

Result<std::shared_ptr<const std::string>> OAuth2Token::token() const {
  const std::lock_guard lock(mutex_);
  if (token_ != nullptr && clock_.now() < expires_) return token_;
  return std::unexpected(refused(fmt::format("there is no token to send: {}", why_)));
}

HttpRequest OAuth2Token::request() const {
  HttpRequest request(options_.token_url);
  request.method = "POST";
  // RFC 6749 section 2.3.1: both parts are form-encoded first.
  const std::string who = form_encoded(options_.client_id) + ':' + form_encoded(options_.client_secret);
  request.headers = {{"authorization", basic_authorization(who)},
                     {"content-type", "application/x-www-form-urlencoded"},
                     {"accept", "application/json"}};
  request.body = "grant_type=client_credentials";
  std::string scopes;
  for (const std::string& scope : options_.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  if (!scopes.empty()) request.body += "&scope=" + form_encoded(scopes);
  if (!options_.audience.empty()) request.body += "&audience=" + form_encoded(options_.audience);
  request.max_response_bytes = kMaxResponse;
  return request;
}

Result<Duration> OAuth2Token::take(const HttpResponse& response) {
  const auto said = jwt::parse_object(response.body);
  if (response.status != 200) {
    std::string why = fmt::format("the authorization server answered {}", response.status);
    if (said)
      if (const auto* error = jwt::text_at(*said, "error"))
        why += fmt::format(" ({})", printable({error->data(), error->size()}));
    return std::unexpected(refused(std::move(why)));
  }
  const auto* const token = said ? jwt::text_at(*said, "access_token") : nullptr;
  if (token == nullptr || token->empty())
    return std::unexpected(refused("the authorization server's answer has no access_token"));
  if (std::ranges::any_of(*token, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }))
    return std::unexpected(refused("the authorization server's token holds bytes that can't be sent"));
  const auto* const type = jwt::text_at(*said, "token_type");
  if (type != nullptr &&
      !std::ranges::equal(*type, std::string_view("bearer"), [](char a, char b) { return (a | 0x20) == b; }))
    return std::unexpected(refused("the authorization server's token is no bearer token"));
  Duration life = options_.presumed_life;
  if (const auto* told = said->if_contains("expires_in"); told != nullptr && told->is_number()) {
    const double seconds = told->to_number<double>();
    life = std::chrono::seconds(static_cast<std::int64_t>(std::clamp<double>(seconds, 0, kLongestLife)));
  }
  if (life <= Duration::zero()) return std::unexpected(refused("the authorization server's token has expired already"));
  const std::lock_guard lock(mutex_);
  token_ = std::make_shared<const std::string>(token->data(), token->size());
  expires_ = clock_.now() + life;
  why_ = "the last one has expired";
  return std::max(life - options_.refresh_before, life / 5 * 4);
}

Task<Result<Duration>> OAuth2Token::fetch_once() {
  auto response = co_await fetcher_->fetch(request());
  auto next = response ? take(*response) : std::unexpected(response.error());
  if (!next) {
    const std::lock_guard lock(mutex_);
    why_ = next.error().message();
  }
  co_return next;
}

Task<void> OAuth2Token::keep_fresh(Logger log) {
  const Env env = co_await current_env();
  Duration retry = options_.first_retry;
  while (env.scope == nullptr || !env.scope->cancelled()) {
    const auto next = co_await fetch_once();
    if (env.scope != nullptr && env.scope->cancelled()) co_return;
    if (next) {
      retry = options_.first_retry;
      (void)co_await sleep_for(*next);
      continue;
    }
    log.warn("no token from the authorization server",
             {{"url", std::string_view(options_.token_url)}, {"error", next.error().message()}});
    (void)co_await sleep_for(retry);
    retry = std::min(retry * 2, options_.max_retry);
  }
}

}  // namespace pintle
