#include <pintle/server/internal/router.hpp>

#include <algorithm>

#include <pintle/rpc/call.hpp>

namespace pintle::server {

namespace {

class UnknownMethod final : public Handler {
 public:
  Task<Status> operator()(Call& call) override {
    co_return Status(Code::unimplemented, fmt::format("unknown method {}", call.facts.path), Origin::library);
  }
};

}  // namespace

Router::Router() {
  Method& unknown = methods_.emplace_back();
  unknown.info = {.path = "_OTHER", .service = "", .name = "_OTHER", .kind = Kind::bidi};
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

Result<Selection> Router::select(std::span<const std::string> services) const {
  Selection selection;
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

void Router::compile(std::span<const Layer* const> layers) {
  for (Method& method : methods_) method.chain = Chain::build(method.info, *method.handler, layers);
}

}  // namespace pintle::server
