#include <pintle/app/internal/limit_layers.hpp>

#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <pintle/app/internal/schema_values.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/config/v1/limits.pb.h>
#include <pintle/middleware/concurrency/concurrency_layer.hpp>
#include <pintle/middleware/deadline/deadline_layer.hpp>
#include <pintle/middleware/message_size/message_size_layer.hpp>
#include <pintle/middleware/rate_limit/rate_limit_layer.hpp>

namespace pintle {

namespace {

using app::texts;

using config::v1::Limits;
using Layers = std::vector<std::shared_ptr<const Layer>>;

std::optional<Duration> duration(bool there, const google::protobuf::Duration& d) {
  return there ? std::optional(app::duration(d)) : std::nullopt;
}

class Reading {
 public:
  std::vector<ConfigError> errors;

  void fail(std::string key, std::string problem, std::string mend) {
    errors.push_back(app::fault(std::move(key), std::move(problem), std::move(mend)));
  }

  static std::vector<DeadlineRule> deadlines(const Limits& from) {
    std::vector<DeadlineRule> rules;
    for (const auto& method : from.methods()) {
      DeadlineRule& rule = rules.emplace_back(method.pattern());
      rule.preset = duration(method.has_default_deadline(), method.default_deadline());
      rule.most = duration(method.has_max_deadline(), method.max_deadline());
      if (!rule.preset && !rule.most) rules.pop_back();  // it is about something else
    }
    DeadlineRule& all = rules.emplace_back("*");
    all.unary_only = true;
    all.preset = duration(from.has_default_deadline(), from.default_deadline());
    all.most = duration(from.has_max_deadline(), from.max_deadline());
    if (!all.preset && !all.most) rules.pop_back();
    return rules;
  }

  ConcurrencyOptions concurrency(const Limits& from) {
    ConcurrencyOptions options;
    options.most = from.max_concurrent_calls();
    options.except = texts(from.except());
    for (const auto& method : from.methods())
      if (method.max_concurrent_calls() != 0)
        options.methods.emplace_back(method.pattern(), method.max_concurrent_calls());
    double sum = 0;
    for (const auto& share : from.shares()) {
      options.shares.emplace_back(share.pattern(), share.share());
      sum += share.share();
    }
    if (sum > 1.000001) fail("limits.shares", "are more than the whole together", "let them be 1 at most");
    if (!from.shares().empty() && options.most == 0 && !from.adaptive().enabled())
      fail("limits.shares", "are parts of a room that has no limit",
           "set limits.max_concurrent_calls or limits.adaptive");
    if (!from.adaptive().enabled()) return options;
    GradientOptions& adaptive = options.adaptive.emplace();
    adaptive.initial = from.adaptive().initial();
    adaptive.least = from.adaptive().min();
    adaptive.most = from.adaptive().max();
    adaptive.tolerance = from.adaptive().tolerance();
    if (adaptive.least > adaptive.most)
      fail("limits.adaptive.min", "is above limits.adaptive.max", "write a smaller one");
    return options;
  }

  RateRule rate(const config::v1::RateLimit& from, const std::string& key) {
    RateRule rule(from.name());
    rule.pattern = from.pattern();
    rule.per_second = from.per_second();
    rule.burst = from.burst();
    rule.max_keys = from.max_keys();
    constexpr std::string_view kMetadata = "metadata:";
    if (from.key() == "all") {
      rule.key = RateRule::Key::all;
    } else if (from.key() == "principal") {
      rule.key = RateRule::Key::principal;
    } else if (from.key() == "peer") {
      rule.key = RateRule::Key::peer;
    } else if (from.key().starts_with(kMetadata) && Metadata::valid_key(from.key().substr(kMetadata.size()))) {
      rule.key = RateRule::Key::metadata;
      rule.metadata_key = from.key().substr(kMetadata.size());
    } else {
      fail(key + ".key", fmt::format("'{}' is nothing that calls are counted by", from.key()),
           "write all, principal, peer, or metadata: and a key in small letters");
    }
    if (!names_.insert(from.name()).second)
      fail(key + ".name", fmt::format("'{}' comes twice", from.name()), "keep one");
    return rule;
  }

 private:
  std::set<std::string> names_;
};

}  // namespace

std::expected<Layers, std::vector<ConfigError>> limit_layers(const Config& config) {
  const auto& from = config.get<Limits>();
  Reading reading;
  Layers layers;
  if (auto rules = Reading::deadlines(from); !rules.empty())
    layers.push_back(std::make_shared<DeadlineLayer>(std::move(rules)));
  std::vector<MessageSizeRule> sizes;
  for (const auto& method : from.methods())
    if (method.max_receive_message_bytes() != 0)
      sizes.emplace_back(method.pattern(), method.max_receive_message_bytes());
  if (!sizes.empty()) layers.push_back(std::make_shared<MessageSizeLayer>(std::move(sizes)));
  ConcurrencyOptions options = reading.concurrency(from);
  if (options.most != 0 || !options.methods.empty() || options.adaptive)
    layers.push_back(std::make_shared<ConcurrencyLayer>(std::move(options)));
  std::vector<RateRule> rates;
  for (int i = 0; i < from.rates_size(); ++i)
    rates.push_back(reading.rate(from.rates(i), fmt::format("limits.rates[{}]", i)));
  if (!rates.empty()) layers.push_back(std::make_shared<RateLimitLayer>(std::move(rates), texts(from.except())));
  if (!reading.errors.empty()) return std::unexpected(std::move(reading.errors));
  return layers;
}

}  // namespace pintle
