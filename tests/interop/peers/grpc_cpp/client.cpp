// grpc_cpp_interop_client --server_host H --server_port N --test_case NAME[,NAME...] [--use_tls --ca_file F ...]: runs
// interoperability cases with gRPC C++'s client. The flags are those of the other languages' programs. Prints a line
// per case, NAME ok SECONDS or NAME FAILED SECONDS WHY, and exits with 0 when all passed.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cases.hpp"

namespace {

const std::map<std::string, peer::Case> kCases = {
    {"empty_unary", peer::empty_unary},
    {"large_unary", peer::large_unary},
    {"client_streaming", peer::client_streaming},
    {"server_streaming", peer::server_streaming},
    {"ping_pong", peer::ping_pong},
    {"empty_stream", peer::empty_stream},
    {"custom_metadata", peer::custom_metadata},
    {"status_code_and_message", peer::status_code_and_message},
    {"special_status_message", peer::special_status_message},
    {"unimplemented_method", peer::unimplemented_method},
    {"unimplemented_service", peer::unimplemented_service},
    {"cancel_after_begin", peer::cancel_after_begin},
    {"cancel_after_first_response", peer::cancel_after_first_response},
    {"timeout_on_sleeping_server", peer::timeout_on_sleeping_server},
    {"client_compressed_unary", peer::client_compressed_unary},
    {"client_compressed_streaming", peer::client_compressed_streaming},
    {"server_compressed_unary", peer::server_compressed_unary},
    {"server_compressed_streaming", peer::server_compressed_streaming},
    {"rpc_soak", peer::rpc_soak},
    {"channel_soak", peer::channel_soak},
};

struct Flags {
  std::string host = "localhost", ca_file, host_override;
  std::uint16_t port = 10000;
  std::vector<std::string> cases;
  bool use_tls = false, use_test_ca = false;
  peer::SoakFlags soak;
};

void declare(CLI::App& cli, Flags& flags) {
  cli.add_option("--server_host", flags.host, "where the server is");
  cli.add_option("--server_port", flags.port, "its TCP port");
  cli.add_option("--test_case", flags.cases, "the cases to run, with commas between them")->delimiter(',')->required();
  cli.add_flag("--use_tls", flags.use_tls);
  cli.add_flag("--use_test_ca", flags.use_test_ca, "--ca_file is trusted with and without it");
  cli.add_option("--ca_file", flags.ca_file, "trusted roots, PEM, instead of the system's")->check(CLI::ExistingFile);
  cli.add_option("--server_host_override", flags.host_override, "the name that the server's certificate must have");
  cli.add_option("--soak_iterations", flags.soak.iterations);
  cli.add_option("--soak_max_failures", flags.soak.max_failures);
  cli.add_option("--soak_per_iteration_max_acceptable_latency_ms", flags.soak.max_latency_ms);
  cli.add_option("--soak_overall_timeout_seconds", flags.soak.overall_timeout_seconds);
  cli.add_option("--soak_request_size", flags.soak.request_size);
  cli.add_option("--soak_response_size", flags.soak.response_size);
}

std::shared_ptr<grpc::Channel> open_channel(const Flags& flags) {
  grpc::ChannelArguments arguments;
  // Without it the library would hand the next channel the connection of the last one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (flags.use_tls) {
    grpc::SslCredentialsOptions options;
    if (!flags.ca_file.empty()) options.pem_root_certs = peer::contents(flags.ca_file);
    credentials = grpc::SslCredentials(options);
    if (!flags.host_override.empty()) arguments.SetSslTargetNameOverride(flags.host_override);
  }
  const std::string target = fmt::format("{}:{}", flags.host, flags.port);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

// Why it failed; empty when it passed.
std::string run(const std::string& name, peer::Context& context) {
  const auto found = kCases.find(name);
  if (found == kCases.end()) return "no case has this name";
  try {
    found->second(context);
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Runs gRPC's interoperability cases with gRPC C++'s client");
  Flags flags;
  declare(cli, flags);
  CLI11_PARSE(cli, argc, argv);
  peer::Context context;
  context.new_channel = [&flags] { return open_channel(flags); };
  context.channel = context.new_channel();
  context.stub = grpc::testing::TestService::NewStub(context.channel);
  context.soak = flags.soak;
  bool all_passed = true;
  for (const std::string& name : flags.cases) {
    const auto begins = std::chrono::steady_clock::now();
    const std::string why = run(name, context);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begins;
    fmt::print("{} {} {:.3f}{}{}\n", name, why.empty() ? "ok" : "FAILED", took.count(), why.empty() ? "" : " ", why);
    std::fflush(stdout);
    all_passed &= why.empty();
  }
  return all_passed ? 0 : 1;
}
