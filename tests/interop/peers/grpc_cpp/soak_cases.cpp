#include <string>

#include "cases.hpp"

namespace peer {

namespace {

using Clock = std::chrono::steady_clock;

// Why an iteration failed; empty when it passed.
std::string iterate(const SoakFlags& flags, Context::Stub& stub, const grpc::testing::SimpleRequest& request) {
  const auto begins = Clock::now();
  grpc::ClientContext call;
  grpc::testing::SimpleResponse response;
  const grpc::Status status = stub.UnaryCall(&call, request, &response);
  if (!status.ok()) return fmt::format("code {} ({})", static_cast<int>(status.error_code()), status.error_message());
  if (response.payload().body().size() != static_cast<std::size_t>(flags.response_size)) return "another size came";
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begins).count();
  return took > flags.max_latency_ms ? fmt::format("it took {} ms", took) : std::string();
}

void soak(Context& context, bool new_channels) {
  const SoakFlags& flags = context.soak;
  grpc::testing::SimpleRequest request;
  request.set_response_size(flags.response_size);
  fill(*request.mutable_payload(), static_cast<std::size_t>(flags.request_size));
  const auto ends = Clock::now() + std::chrono::seconds(flags.overall_timeout_seconds);
  int failed = 0;
  for (int i = 0; i < flags.iterations; ++i) {
    if (Clock::now() > ends) throw Failure(fmt::format("time was up after {} of {} iterations", i, flags.iterations));
    Context::Stub stub(new_channels ? context.new_channel() : context.channel);
    const std::string why = iterate(flags, stub, request);
    if (why.empty()) continue;
    ++failed;
    fmt::print(stderr, "soak iteration {} failed: {}\n", i, why);
  }
  if (failed > flags.max_failures)
    throw Failure(fmt::format("{} of {} iterations failed; {} may", failed, flags.iterations, flags.max_failures));
}

}  // namespace

void rpc_soak(Context& context) { soak(context, false); }
void channel_soak(Context& context) { soak(context, true); }

}  // namespace peer
