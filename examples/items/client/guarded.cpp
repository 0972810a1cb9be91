// items_guarded TARGET FOLDER: asks a guarded items service as nobody, as a reader and as an editor (whose tokens are
// in the folder, see ../security/mint), and prints what each hears. Ends with 1 when somebody hears something else than
// they should.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <buf/validate/validate.pb.h>
#include <fmt/core.h>

#include "items/v1/items.pintle.hpp"
#include <pintle/client/channel.hpp>
#include <pintle/rpc/details.hpp>

namespace {

using items::v1::ItemService;
using pintle::Code;

pintle::CallOptions with_token(const std::string& file) {
  auto options = pintle::CallOptions().timeout(std::chrono::seconds(5));
  if (file.empty()) return options;
  std::ifstream stream(file);
  const std::string token{std::istreambuf_iterator<char>(stream), {}};
  return options.metadata("authorization", "Bearer " + token);
}

bool said(const char* who, const pintle::Status& status, Code expected) {
  fmt::print("{:<34} {}\n", who, status.ok() ? "OK" : status.to_string());
  if (const auto wrong = pintle::detail_of<buf::validate::Violations>(status))
    for (const auto& violation : wrong->violations())
      fmt::print("{:<34}   {} of {}\n", "", violation.rule_id(), violation.field().elements(0).field_name());
  return status.code() == expected;
}

template <class T>
pintle::Status status_of(const pintle::Result<T>& result) {
  return result ? pintle::Status() : result.error();
}

items::v1::CreateItemRequest new_item() {
  items::v1::CreateItemRequest request;
  auto& item = *request.mutable_item();
  item.set_sku(fmt::format("guarded-{:x}", std::chrono::system_clock::now().time_since_epoch().count()));
  item.set_name("Tea");
  item.mutable_price()->set_currency_code("EUR");
  item.mutable_price()->set_units(4);
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: items_guarded TARGET FOLDER\n");
    return 2;
  }
  pintle::RuntimeOptions options;
  options.threads = 1;
  pintle::Runtime runtime(options);
  runtime.start();
  auto channel = pintle::make_channel(runtime, argv[1]);
  if (!channel) {
    fmt::print(stderr, "items_guarded: {}\n", channel.error().to_string());
    return 2;
  }
  const ItemService::BlockingStub stub(*channel);
  const std::string folder = argv[2];
  const auto reader = with_token(folder + "/reader.token"), editor = with_token(folder + "/editor.token");
  bool well = true;
  well &= said("nobody creates an item", status_of(stub.CreateItem(new_item(), with_token({}))), Code::unauthenticated);
  well &= said("a reader creates an item", status_of(stub.CreateItem(new_item(), reader)), Code::permission_denied);
  well &= said("an editor creates an item", status_of(stub.CreateItem(new_item(), editor)), Code::ok);
  well &= said("an editor creates nothing", status_of(stub.CreateItem({}, editor)), Code::invalid_argument);
  return well ? 0 : 1;
}
