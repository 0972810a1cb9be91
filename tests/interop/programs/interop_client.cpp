// interop_client --server_host H --server_port N --test_case NAME: runs one interoperability case against a server of
// another implementation. The flags are those of grpc-go's interop client. Exits with 0 when the case passed.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "cases.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/client/service_config.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/resilience/breaker/breaker_layer.hpp>
#include <pintle/resilience/bulkhead/bulkhead_layer.hpp>
#include <pintle/resilience/deadline/hop_margin_layer.hpp>
#include <pintle/resilience/throttle/client_throttle.hpp>

namespace {

using Case = pintle::Task<> (*)(interop::Context&);

const std::map<std::string_view, Case> kCases = {
    {"empty_unary", interop::empty_unary},
    {"large_unary", interop::large_unary},
    {"concurrent_large_unary", interop::concurrent_large_unary},
    {"client_compressed_unary", interop::client_compressed_unary},
    {"server_compressed_unary", interop::server_compressed_unary},
    {"client_streaming", interop::client_streaming},
    {"server_streaming", interop::server_streaming},
    {"client_compressed_streaming", interop::client_compressed_streaming},
    {"server_compressed_streaming", interop::server_compressed_streaming},
    {"ping_pong", interop::ping_pong},
    {"empty_stream", interop::empty_stream},
    {"half_duplex", interop::half_duplex},
    {"cancel_after_begin", interop::cancel_after_begin},
    {"cancel_after_first_response", interop::cancel_after_first_response},
    {"timeout_on_sleeping_server", interop::timeout_on_sleeping_server},
    {"custom_metadata", interop::custom_metadata},
    {"status_code_and_message", interop::status_code_and_message},
    {"special_status_message", interop::special_status_message},
    {"unimplemented_method", interop::unimplemented_method},
    {"unimplemented_service", interop::unimplemented_service},
    {"rpc_soak", interop::rpc_soak},
    {"channel_soak", interop::channel_soak},
    {"goaway", interop::goaway},
    {"rst_after_header", interop::rst_after_header},
    {"rst_during_data", interop::rst_during_data},
    {"rst_after_data", interop::rst_after_data},
    {"ping", interop::ping},
    {"max_streams", interop::max_streams},
    {"data_frame_padding", interop::data_frame_padding},
    {"no_df_padding_sanity_test", interop::no_df_padding_sanity_test},
};

struct Flags {
  std::string host = "localhost";
  std::uint16_t port = 10000;
  std::string test_case = "large_unary";
  bool use_tls = false, use_test_ca = false, layers = false;
  std::string ca_file, host_override;
  interop::SoakFlags soak;
};

void declare(CLI::App& cli, Flags& flags) {
  cli.add_option("--server_host", flags.host, "where the server is");
  cli.add_option("--server_port", flags.port, "its TCP port");
  cli.add_option("--test_case", flags.test_case, "the case to run, or \"list\"");
  cli.add_flag("--use_tls", flags.use_tls, "TLS instead of plaintext");
  cli.add_flag("--use_test_ca", flags.use_test_ca, "--ca_file is trusted with and without it");
  cli.add_option("--ca_file", flags.ca_file, "trusted roots, PEM, instead of the system's");
  cli.add_option("--server_host_override", flags.host_override, "the name that the server's certificate must have");
  cli.add_flag("--layers", flags.layers, "with every layer of resilience around the calls");
  cli.add_option("--soak_iterations", flags.soak.iterations)->check(CLI::NonNegativeNumber);
  cli.add_option("--soak_max_failures", flags.soak.max_failures)->check(CLI::NonNegativeNumber);
  cli.add_option("--soak_per_iteration_max_acceptable_latency_ms", flags.soak.max_latency_ms);
  cli.add_option("--soak_overall_timeout_seconds", flags.soak.overall_timeout_seconds);
  cli.add_option("--soak_min_time_ms_between_rpcs", flags.soak.min_time_ms_between_rpcs)->check(CLI::NonNegativeNumber);
  cli.add_option("--soak_request_size", flags.soak.request_size)->check(CLI::NonNegativeNumber);
  cli.add_option("--soak_response_size", flags.soak.response_size)->check(CLI::NonNegativeNumber);
  cli.add_option("--soak_num_threads", flags.soak.num_threads)->check(CLI::PositiveNumber);
  cli.add_flag("--soak_wait_for_ready", flags.soak.wait_for_ready, "calls wait while the server is away");
}

int fail(const std::string& why) {
  fmt::print(stderr, "interop_client: {}\n", why);
  return 1;
}

// What stands around the calls of a production client.
void add_layers(pintle::ChannelOptions& options) {
  options.layers.push_back(std::make_shared<pintle::HopMarginLayer>(std::chrono::milliseconds(5)));
  options.layers.push_back(std::make_shared<pintle::ClientThrottleLayer>("*", pintle::ClientThrottleOptions()));
  options.layers.push_back(
      std::make_shared<pintle::BulkheadLayer>(std::vector{pintle::BulkheadRule("calls", "*", 1000)}));
  options.layers.push_back(
      std::make_shared<pintle::BreakerLayer>("interop", std::vector{pintle::BreakerRule("calls", "*")}));
  pintle::Resilience resilience;
  resilience.retry.emplace();
  resilience.only_idempotent = false;
  resilience.throttling.emplace();
  apply(pintle::ServiceConfig(), options, resilience);
}

int run(const Flags& flags, Case body) {
  pintle::RuntimeOptions options;
  options.threads = 1;  // a channel connects once per loop, and the cases want one connection
  pintle::Runtime runtime(options);
  runtime.start();
  const std::string target =
      fmt::format("{}:{}", flags.host.find(':') == flags.host.npos ? flags.host : "[" + flags.host + "]", flags.port);
  pintle::ChannelOptions channel_options;
  if (flags.use_tls) {
    pintle::net::TlsClientOptions tls;
    if (!flags.ca_file.empty()) tls.roots = pintle::net::Pem::file(flags.ca_file);
    tls.server_name = flags.host_override;
    auto created = pintle::net::TlsClient::create(std::move(tls));
    if (!created) return fail(created.error().to_string());
    channel_options.tls = *std::move(created);
    channel_options.authority = flags.host_override;
  }
  if (flags.layers) add_layers(channel_options);
  const auto channel = pintle::make_channel(runtime, target, channel_options);
  if (!channel) return fail(channel.error().to_string());
  interop::Context context(*channel);
  context.new_channel = [&] { return *pintle::make_channel(runtime, target, channel_options); };
  context.server = target;
  context.soak = flags.soak;
  try {
    pintle::sync_wait(runtime, body(context));
  } catch (const std::exception& e) {
    return fail(fmt::format("{} failed: {}", flags.test_case, e.what()));
  }
  fmt::print("{} passed\n", flags.test_case);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Runs gRPC's interoperability cases with Pintle's client");
  Flags flags;
  declare(cli, flags);
  CLI11_PARSE(cli, argc, argv);
  if (flags.test_case == "list") {
    for (const auto& [name, body] : kCases) fmt::print("{}\n", name);
    return 0;
  }
  const auto found = kCases.find(flags.test_case);
  if (found == kCases.end())
    return fail(fmt::format("no case is called {}; --test_case list names them", flags.test_case));
  return run(flags, found->second);
}
