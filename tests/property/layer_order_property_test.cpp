// Property 2: layers run in the declared order, outward and back, on the client and on the server.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::property {
namespace {

using testing::InMemoryServer;

// Writes its name on the way in and, with the status that it got, on the way out; may change the status or not apply.
class Named final : public Layer {
 public:
  enum class Deed { pass, replace, refuse, absent };
  Named(std::string name, Deed deed, std::vector<std::string>& trace)
      : name_(std::move(name)), deed_(deed), trace_(trace) {}
  std::string_view name() const override { return name_; }

  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    if (deed_ == Deed::absent) return nullptr;
    return std::make_unique<Wrapped>(*this, next);
  }

 private:
  class Wrapped final : public Handler {
   public:
    Wrapped(const Named& layer, Handler& next) : layer_(layer), next_(next) {}
    Task<Status> operator()(LayerCall& call) override {
      layer_.trace_.push_back("> " + layer_.name_);
      if (layer_.deed_ == Deed::refuse) {
        layer_.trace_.push_back("! " + layer_.name_);
        co_return Status(Code::permission_denied, layer_.name_);
      }
      Status status = co_await next_(call);
      layer_.trace_.push_back("< " + layer_.name_ + " " + status.to_string());
      if (layer_.deed_ == Deed::replace) co_return Status(Code::aborted, layer_.name_);
      co_return status;
    }

   private:
    const Named& layer_;
    Handler& next_;
  };
  std::string name_;
  Deed deed_;
  std::vector<std::string>& trace_;
};

struct Spec {
  std::string name;
  Named::Deed deed;
};

// What must be seen: the reference, written without chains.
Status expect(const std::vector<Spec>& layers, std::size_t i, std::vector<std::string>& trace) {
  if (i == layers.size()) return Status();
  const Spec& spec = layers[i];
  if (spec.deed == Named::Deed::absent) return expect(layers, i + 1, trace);
  trace.push_back("> " + spec.name);
  if (spec.deed == Named::Deed::refuse) {
    trace.push_back("! " + spec.name);
    return Status(Code::permission_denied, spec.name);
  }
  Status status = expect(layers, i + 1, trace);
  trace.push_back("< " + spec.name + " " + status.to_string());
  if (spec.deed == Named::Deed::replace) return Status(Code::aborted, spec.name);
  return status;
}

std::vector<Spec> any_layers(const std::string& prefix) {
  std::vector<Spec> layers;
  const int n = *rc::gen::inRange(0, 7);
  for (int i = 0; i < n; ++i)
    layers.push_back(
        {prefix + std::to_string(i), *rc::gen::element(Named::Deed::pass, Named::Deed::pass, Named::Deed::replace,
                                                       Named::Deed::refuse, Named::Deed::absent)});
  return layers;
}

Task<Status> call_it(v1::Stream::Stub& stub, bool streaming) {
  if (streaming) {
    auto stream = co_await stub.Down(Plan());
    auto number = co_await stream.read();
    co_return number ? Status() : number.error();
  }
  auto answer = co_await stub.Once(Plan());
  co_return answer ? Status() : answer.error();
}

RC_GTEST_PROP(Property2_LayerChainOrder, OutwardAndBackInTheDeclaredOrder, ()) {
  const std::vector<Spec> client = any_layers("c"), server = any_layers("s");
  const bool streaming = *rc::gen::arbitrary<bool>();
  std::vector<std::string> trace;
  StreamService service;
  InMemoryServer host;
  RC_ASSERT(host.server().add(service).ok());
  for (const Spec& s : server) host.server().add_layer(std::make_shared<Named>(s.name, s.deed, trace));
  ChannelOptions options;
  for (const Spec& c : client) options.layers.push_back(std::make_shared<Named>(c.name, c.deed, trace));
  v1::Stream::Stub stub(host.channel(std::move(options)));

  const Status status = host.loop().run(call_it(stub, streaming));

  std::vector<std::string> wanted;
  std::vector<Spec> all = client;
  all.insert(all.end(), server.begin(), server.end());
  const Status wanted_status = expect(all, 0, wanted);
  RC_ASSERT(trace == wanted);
  RC_ASSERT(status == wanted_status);
}

}  // namespace
}  // namespace pintle::property
