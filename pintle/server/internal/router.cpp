#include <pintle/server/internal/router.hpp>

#include <algorithm>

#include <pintle/rpc/layer_call.hpp>

namespace pintle::server {

namespace {

class UnknownMethod final : public Handler {
 public:
  Task<Status> operator()(LayerCall& call) override {
    co_return Status(Code::unimplemented, fmt::format("unknown method {}", call.facts.path), Origin::library);
  }
};

}  // namespace

Router::Router() {
  Method& unknown = methods_.emplace_back();
  unknown.info.path = unknown.info.name = "_OTHER";
  unknown.info.kind = Kind::bidi;
  unknown.handler = std::make_unique<UnknownMethod>();
}

Status Router::add(Service& service) {
  const ServiceInfo& info = service.info();
  for (const MethodInfo& method : info.methods)
    if (by_path_.contains(method.path))
      return pintle::invalid_argument("the server has the method {} already: a service can be added once", method.path);
  for (std::size_t i = 0; i < info.methods.size(); ++i) {
    Method& method = methods_.emplace_back();
    method.info = info.methods[i];
    method.index = methods_.size() - 1;
    method.handler = service.handler(i);
    by_path_.emplace(method.info.path, &method);
  }
  services_.push_back(&info);
  return {};
}

void Router::set_fallback(std::unique_ptr<Handler> handler) { methods_.front().handler = std::move(handler); }

Result<Selection> Router::select(std::span<const std::string> services, std::string_view chain) const {
  Selection selection;
  const auto named = std::ranges::find(chain_names_, chain);
  if (named == chain_names_.end()) return pintle::invalid_argument("the server has no chain of layers named {}", chain);
  selection.chain_ = static_cast<std::size_t>(named - chain_names_.begin());
  if (services.empty()) return selection;
  selection.all_ = false;
  selection.held_.resize(methods_.size());
  selection.held_.front() = true;  // the unknown one is served everywhere
  for (const std::string& name : services) {
    if (std::ranges::find(services_, name, &ServiceInfo::name) == services_.end())
      return pintle::invalid_argument("the server has no service {}", name);
    for (const Method& method : methods_)
      if (method.info.service == name) selection.held_[method.index] = true;
  }
  return selection;
}

Status Router::compile(std::span<const NamedLayers> chains, const std::function<void(Site&)>& site) {
  for (const NamedLayers& named : chains) {
    auto layers = order_layers(Side::server, named.layers);
    if (!layers) return std::move(layers).error();
    chain_names_.push_back(named.name);
    for (Method& method : methods_) {
      auto slots = std::make_unique<SlotLayout>();
      Site place(Side::server, method.info, *slots);
      site(place);
      method.chains.push_back(Chain::build(place, std::move(slots), *method.handler, *layers));
    }
  }
  return {};
}

std::vector<MethodChain> Router::chains() const {
  std::vector<MethodChain> all;
  for (std::size_t i = 0; i < chain_names_.size(); ++i)
    for (const Method& method : methods_) {
      MethodChain& made = all.emplace_back();
      made.chain = chain_names_[i];
      made.path = method.info.path;
      made.layers = method.chains[i].layers();
    }
  return all;
}

}  // namespace pintle::server
