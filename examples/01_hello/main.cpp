// The shortest service that is right: one method, configuration, readiness, and a drain at SIGTERM.
#include "hello.pintle.hpp"
#include <pintle/app/app.hpp>

namespace {

using hello::v1::SayHelloRequest;
using hello::v1::SayHelloResponse;

class Greeter final : public hello::v1::Greeter::Service {
 public:
  pintle::Task<pintle::Result<SayHelloResponse>> SayHello(pintle::Call&, const SayHelloRequest& request) override {
    if (request.name().empty()) co_return pintle::invalid_argument("whom shall I greet? name is empty");
    SayHelloResponse response;
    response.set_greeting("Hello, " + request.name() + "!");
    co_return response;
  }
};

}  // namespace

int main(int argc, char** argv) {
  pintle::App app("hello", argc, argv);
  Greeter greeter;
  app.serve(greeter);
  return app.run();
}
