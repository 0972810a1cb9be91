#include <pintle/resilience/throttle/client_throttle.hpp>

#include <algorithm>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

std::int64_t ClientThrottle::number(TimePoint now) const {
  return now.time_since_epoch() / std::max<Duration>(Duration(1), options_.window / kBuckets);
}

ClientThrottle::Bucket& ClientThrottle::at(TimePoint now) {
  const std::int64_t n = number(now);
  Bucket& bucket = buckets_[static_cast<std::size_t>(n) % kBuckets];
  if (bucket.number != n) bucket = {n, 0, 0};
  return bucket;
}

double ClientThrottle::probability(TimePoint now) {
  const std::int64_t oldest = number(now) - static_cast<std::int64_t>(kBuckets);
  double requests = 0, accepts = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.number <= oldest) continue;
    requests += bucket.requests;
    accepts += bucket.accepts;
  }
  if (requests < options_.min_calls) return 0;
  return std::max(0.0, (requests - std::max(1.0, options_.multiplier) * accepts) / (requests + 1));
}

bool ClientThrottle::admit(TimePoint now, const Random& chance) {
  const double held_back = probability(now);
  ++at(now).requests;
  return held_back == 0 || chance() >= held_back;
}

ClientThrottleLayer::~ClientThrottleLayer() = default;

// One for each method: methods of one pattern may differ in what they cost their server.
class ClientThrottleLayer::Throttling final : public Handler {
 public:
  Throttling(const ClientThrottleOptions& options, const Site& site, Counter refused, Handler& next)
      : options_(options), throttles_(site.loops), random_(site.random), refused_(refused), next_(next) {
    for (std::size_t i = 0; i < throttles_.size(); ++i) throttles_.at(i) = ClientThrottle(options);
  }

  Task<Status> operator()(LayerCall& call) override {
    ClientThrottle& throttle = throttles_[call];
    if (!throttle.admit(call.loop().now(), random_)) {
      refused_.add();
      co_return Status(Code::unavailable, "held back by this client: the server refuses most of its calls",
                       Origin::library);
    }
    Status status = co_await next_(call);
    if (!options_.refusals.has(status.code())) throttle.accepted(call.loop().now());
    co_return status;
  }

 private:
  const ClientThrottleOptions options_;
  const PerLoop<ClientThrottle> throttles_;
  const Random random_;
  const Counter refused_;
  Handler& next_;
};

std::unique_ptr<Handler> ClientThrottleLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client || !path_matches(pattern_, site.method.path)) return nullptr;
  const Counter refused =
      site.meters.counter({"pintle.client.throttle.refused", "{call}", "Calls that the client held back.", {}});
  return std::make_unique<Throttling>(options_, site, refused, next);
}

}  // namespace pintle
