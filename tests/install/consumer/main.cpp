// A project of somebody else: a generated service and stub, and calls from one to the other over a socket.
#include <iostream>
#include <string>

#include "greeter.pintle.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/server/server.hpp>
#include <pintle/version.hpp>

static_assert(PINTLE_VERSION >= 100 && PINTLE_VERSION < 200, "what find_package(pintle 0.1) asks for");

namespace {

using consumer::v1::GreetRequest;
using consumer::v1::GreetResponse;

class Greeter final : public consumer::v1::Greeter::Service {
 public:
  pintle::Task<pintle::Result<GreetResponse>> Greet(pintle::Call&, const GreetRequest& request) override {
    if (request.name().empty()) co_return pintle::invalid_argument("the name is empty");
    GreetResponse response;
    response.set_text("Hello, " + request.name());
    co_return response;
  }
  pintle::Task<pintle::Status> GreetMany(pintle::Call&, const GreetRequest& request,
                                         pintle::Writer<GreetResponse>& responses) override {
    GreetResponse response;
    for (int i = 1; i <= 3; ++i) {
      response.set_text("Hello " + std::to_string(i) + ", " + request.name());
      if (pintle::Status status = co_await responses.write(response); !status.ok()) co_return status;
    }
    co_return pintle::Status();
  }
};

// The number of the first call that went wrong; 0 when all went well.
int call(const consumer::v1::Greeter::BlockingStub& stub) {
  GreetRequest request;
  request.set_name("consumer");
  const pintle::Result<GreetResponse> response = stub.Greet(request);
  if (!response || response->text() != "Hello, consumer") return 11;
  const pintle::Result<GreetResponse> refused = stub.Greet(GreetRequest());
  if (refused || refused.error().code() != pintle::Code::invalid_argument) return 12;

  auto stream = stub.GreetMany(request);
  for (int i = 1; i <= 3; ++i) {
    const auto next = stream.read();
    if (!next || *next == nullptr) return 13;
  }
  return stream.finish().ok() ? 0 : 14;
}

}  // namespace

int main() {
  pintle::RuntimeOptions options;
  options.threads = 1;
  pintle::Runtime runtime(options);
  runtime.start();

  Greeter greeter;
  pintle::Server server(runtime);
  if (!server.add(greeter).ok()) return 1;
  if (!server.start().ok()) return 5;
  const auto address = pintle::net::SockAddress::from_ip("127.0.0.1", 0);
  if (!address) return 2;
  const auto bound = server.listen(*address);
  if (!bound) return 3;
  const auto channel = pintle::make_channel(runtime, bound->to_string());
  if (!channel) return 4;
  const int wrong = call(consumer::v1::Greeter::BlockingStub(*channel));

  runtime.stop();
  runtime.join();
  if (wrong == 0) std::cout << "every call went well\n";
  return wrong;
}
