// A token that an authorization server gives to this client (OAuth 2.0 client credentials, RFC 6749 section 4.4).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <pintle/async/fetch.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/security/credentials/token_source.hpp>

namespace pintle {

struct OAuth2Options {
  OAuth2Options() = default;
  std::string token_url;
  std::string client_id, client_secret;  // sent as HTTP Basic authentication
  std::vector<std::string> scopes;
  std::string audience;  // empty: not sent
  Duration refresh_before =
      std::chrono::seconds(60);                      // its end, or when a fifth of its life is left, whichever is later
  Duration presumed_life = std::chrono::minutes(5);  // of a token whose server does not say
  Duration first_retry = std::chrono::seconds(1), max_retry = std::chrono::seconds(60);
};

// Any thread, but for keep_fresh().
class OAuth2Token final : public TokenSource {
 public:
  OAuth2Token(OAuth2Options options, std::shared_ptr<Fetcher> fetcher, const Clock& clock)
      : options_(std::move(options)), fetcher_(std::move(fetcher)), clock_(clock) {}

  // Never one that has expired: UNAVAILABLE then, and why there is no other.
  Result<std::shared_ptr<const std::string>> token() const override;
  // Fetches a token now, and each next one before the one that there is expires, until the scope is cancelled. A
  // failure is logged, and tried again with growing pauses. On one loop, once.
  Task<void> keep_fresh(Logger log);

 private:
  // How long until the next fetch; or why there is no token.
  Task<Result<Duration>> fetch_once();
  Result<Duration> take(const HttpResponse& response);
  HttpRequest request() const;

  const OAuth2Options options_;
  const std::shared_ptr<Fetcher> fetcher_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> token_;  // guarded by mutex_, as is
  TimePoint expires_;
  std::string why_ = "none was fetched yet";
};

}  // namespace pintle
