#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "cases.hpp"
#include "expect.hpp"
#include "test_data.hpp"
#include <pintle/async/nursery.hpp>

namespace interop {

using pintle::CallOptions;
using pintle::Result;
using pintle::Task;
using pintle::TimePoint;

namespace {

using std::chrono::milliseconds;

// What the workers of one soak share.
struct Soak {
  Context& context;
  bool new_channels;
  grpc::testing::SimpleRequest request;
  TimePoint ends;  // of the whole soak
  int left, passed = 0, failed = 0;
  std::vector<long> latencies;  // ms, of those that passed
};

TimePoint now() { return pintle::SteadyClock().now(); }

// Why an iteration failed; empty when it passed.
std::string verdict(const Soak& soak, const Result<grpc::testing::SimpleResponse>& response, long latency) {
  if (!response) return response.error().to_string();
  const auto size = static_cast<std::size_t>(soak.context.soak.response_size);
  if (response->payload().body().size() != size)
    return fmt::format("{} bytes came instead of {}", response->payload().body().size(), size);
  if (latency > soak.context.soak.max_latency_ms)
    return fmt::format("it took longer than {} ms", soak.context.soak.max_latency_ms);
  return {};
}

Task<> work(Soak& soak) {
  while (soak.left > 0 && now() < soak.ends) {
    const int iteration = soak.context.soak.iterations - soak.left--;
    const TimePoint begins = now();
    const auto channel = soak.new_channels ? soak.context.new_channel() : soak.context.channel;
    const grpc::testing::TestService::Stub stub(channel);
    const auto response = co_await stub.UnaryCall(
        soak.request, CallOptions().deadline(soak.ends).wait_for_ready(soak.context.soak.wait_for_ready));
    const long latency = std::chrono::duration_cast<milliseconds>(now() - begins).count();
    const std::string why = verdict(soak, response, latency);
    if (why.empty()) {
      ++soak.passed;
      soak.latencies.push_back(latency);
    } else {
      ++soak.failed;
      fmt::print(stderr, "soak iteration: {} elapsed_ms: {} server_uri: {} failed: {}\n", iteration, latency,
                 soak.context.server, why);
    }
    (void)co_await pintle::sleep_until(begins + milliseconds(soak.context.soak.min_time_ms_between_rpcs));
  }
}

Task<> run_soak(Context& context, bool new_channels) {
  const pintle::Env env = co_await pintle::current_env();
  const SoakFlags& flags = context.soak;
  Soak soak{.context = context,
            .new_channels = new_channels,
            .request = {},
            .ends = now() + std::chrono::seconds(flags.overall_timeout_seconds),
            .left = flags.iterations,
            .latencies = {}};
  soak.request.set_response_type(grpc::testing::COMPRESSABLE);
  soak.request.set_response_size(flags.response_size);
  fill(*soak.request.mutable_payload(), static_cast<std::size_t>(flags.request_size));
  pintle::Nursery nursery;
  for (int i = 0; i < std::max(1, flags.num_threads); ++i) nursery.spawn(env, work(soak));
  co_await nursery.join();

  std::ranges::sort(soak.latencies);
  const auto quantile = [&](std::size_t percent) {
    return soak.latencies.empty() ? 0 : soak.latencies[(soak.latencies.size() - 1) * percent / 100];
  };
  fmt::print(stderr,
             "soak: {} of {} iterations passed, {} failed; latency p50 {} ms, p90 {} ms, p99 {} ms, max {} ms\n",
             soak.passed, flags.iterations, soak.failed, quantile(50), quantile(90), quantile(99), quantile(100));
  if (soak.left > 0)
    throw Failure(
        fmt::format("the soak used up its {} s with {} iterations to go", flags.overall_timeout_seconds, soak.left));
  if (soak.failed > flags.max_failures)
    throw Failure(fmt::format("{} iterations failed; {} may", soak.failed, flags.max_failures));
}

}  // namespace

Task<> rpc_soak(Context& context) { co_await run_soak(context, false); }
Task<> channel_soak(Context& context) { co_await run_soak(context, true); }

}  // namespace interop
