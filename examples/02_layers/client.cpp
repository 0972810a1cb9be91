// vault_client [TARGET]: asks the vault as nobody, as a stranger, as ben and as anna.
#include <chrono>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "vault.pintle.hpp"
#include <pintle/client/channel.hpp>

namespace {

void open_vault(const layers::v1::Vault::BlockingStub& vault, std::string_view who, std::string_view token) {
  auto options = pintle::CallOptions().timeout(std::chrono::seconds(5));
  if (!token.empty()) options.metadata("authorization", "Bearer " + std::string(token));
  layers::v1::OpenRequest request;
  request.set_name("crown");
  const auto response = vault.Open(request, std::move(options));
  fmt::print("{:<8} {}\n", who, response ? response->text() : response.error().to_string());
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): what throws here ends a program that has nothing to lose
int main(int argc, char** argv) {
  pintle::RuntimeOptions one_loop;
  one_loop.threads = 1;
  pintle::Runtime runtime(one_loop);
  runtime.start();
  auto channel = pintle::make_channel(runtime, argc > 1 ? argv[1] : "localhost:50051");
  if (!channel) {
    fmt::print(stderr, "{}\n", channel.error().to_string());
    return 1;
  }
  const layers::v1::Vault::BlockingStub vault(*channel);
  open_vault(vault, "nobody", "");
  open_vault(vault, "stranger", "found-in-the-street");
  open_vault(vault, "ben", "b-token");
  open_vault(vault, "anna", "a-token");
  return 0;
}
