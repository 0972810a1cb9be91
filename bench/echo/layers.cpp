#include <fcntl.h>
#include <unistd.h>

#include "layers.hpp"
#include <pintle/config/v1/policy.pb.h>
#include <pintle/middleware/request_id/request_id_layer.hpp>
#include <pintle/middleware/validation/validation_layer.hpp>
#include <pintle/security/authn/authentication_layer.hpp>
#include <pintle/security/authz/authorization_layer.hpp>
#include <pintle/telemetry/access_log/access_log_layer.hpp>
#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>

namespace pintle::bench {

namespace {

MetricOptions metric_options(const Runtime& runtime) {
  MetricOptions options;
  options.shards = runtime.size() + 2;
  return options;
}

// Believes what the runner has signed (runner/rows.py).
std::shared_ptr<const Layer> authentication() {
  constexpr std::string_view kSecret = "the benchmark's secret, 32 bytes";
  TrustedIssuer issuer;
  issuer.claims.issuer = "bench";
  issuer.claims.audiences = {"echo"};
  issuer.algorithms = {JwsAlgorithm::hs256};
  issuer.keys = std::make_shared<KeyRing>(KeySet({VerificationKey::from_secret(kSecret, JwsAlgorithm::hs256).value()}));
  AuthenticationOptions options;
  options.tokens = std::make_shared<const JwtVerifier>(std::vector{issuer});
  return std::make_shared<AuthenticationLayer>(std::move(options));
}

// A hundred rules, most of which are about other methods.
std::shared_ptr<const Layer> authorization() {
  config::v1::Policy policy;
  policy.set_name("bench");
  for (int i = 0; i < 100; ++i) {
    auto& rule = *policy.add_allow_rules();
    rule.set_name("rule-" + std::to_string(i));
    rule.mutable_request()->add_paths(i == 50 ? "/pintle.bench.v1.Echo/*"
                                              : "/other.Service/Method" + std::to_string(i));
    rule.mutable_source()->add_roles("caller");
  }
  AuthorizationOptions options;
  options.policy = std::make_shared<PolicyStore>(AuthorizationPolicy::compile(policy).value());
  return std::make_shared<AuthorizationLayer>(std::move(options));
}

}  // namespace

Telemetry::Telemetry(Runtime& runtime)
    : nowhere_(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
      log_(nowhere_),
      registry_(metric_options(runtime)),
      tracer_(std::make_shared<Tracer>(Sampler(), nullptr, runtime.clock(), system_random())) {}

Telemetry::~Telemetry() { ::close(nowhere_); }

ServerOptions Telemetry::options() {
  ServerOptions options;
  options.log = Logger(&log_);
  options.meters = Meters(&registry_);
  return options;
}

std::vector<std::shared_ptr<const Layer>> Telemetry::layers(std::string_view wanted) const {
  std::vector<std::shared_ptr<const Layer>> all;
  const auto add = [&](std::string_view name, auto make) {
    if (wanted == name || wanted == "sight" || wanted == "full") all.push_back(make());
  };
  const auto guard = [&](std::string_view name, auto make) {
    if (wanted == name || wanted == "gate" || wanted == "full") all.push_back(make());
  };
  add("request_id", [] { return std::make_shared<RequestIdLayer>(); });
  add("tracing", [this] { return std::make_shared<TracingLayer>(tracer_, Propagation()); });
  add("metrics", [] { return std::make_shared<RpcMetricsLayer>(); });
  add("access_log", [] { return std::make_shared<AccessLogLayer>(); });
  guard("authentication", [] { return authentication(); });
  guard("authorization", [] { return authorization(); });
  guard("validation", [] { return std::make_shared<ValidationLayer>(); });
  return all;
}

}  // namespace pintle::bench
