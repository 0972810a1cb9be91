// A service behind two layers of one's own; what they counted is logged when it ends.
#include <map>
#include <string>

#include "counting_meter.hpp"
#include "identity_layer.hpp"
#include "metrics_layer.hpp"
#include "vault.pintle.hpp"
#include <pintle/app/app.hpp>

namespace {

using layers::v1::OpenRequest;
using layers::v1::OpenResponse;
using pintle::Call;
using pintle::Result;
using pintle::Task;

class Vault final : public layers::v1::Vault::Service {
 public:
  Task<Result<OpenResponse>> Look(Call& call, const OpenRequest&) override {
    OpenResponse response;
    response.set_text(call.identity().subject() + " sees a door");
    co_return response;
  }
  Task<Result<OpenResponse>> Open(Call&, const OpenRequest& request) override {
    if (request.name() != "crown") co_return pintle::not_found("there is no {} in the vault", request.name());
    OpenResponse response;
    response.set_text("gold");
    co_return response;
  }
};

std::shared_ptr<const pintle::Identity> person(std::string_view name, std::string_view role) {
  return std::make_shared<const pintle::Identity>(pintle::Identity().subject(name).role(role));
}

}  // namespace

int main(int argc, char** argv) {
  layers::CountingMeter meter;
  pintle::App app("vault", argc, argv);
  Vault vault;
  app.measure_with(meter.meters());
  app.add_layer(std::make_shared<layers::MetricsLayer>());
  app.add_layer(std::make_shared<layers::IdentityLayer>(
      layers::Tokens{{"a-token", person("anna", "keeper")}, {"b-token", person("ben", "visitor")}}));
  app.serve(vault);
  const int code = app.run();
  meter.log_to(app.log());
  return code;
}
