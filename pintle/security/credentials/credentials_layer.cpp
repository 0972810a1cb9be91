#include <pintle/security/credentials/credentials_layer.hpp>

#include <string>

namespace pintle {

namespace {

class Sending final : public Handler {
 public:
  Sending(std::shared_ptr<const TokenSource> source, Handler& next) : source_(std::move(source)), next_(next) {}

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    for (const LayerCall* above = &call; above != nullptr; above = above->attempt_of())
      if (above->request_metadata.get("authorization")) return next_(call);
    auto token = source_->token();
    if (!token) return refuse(std::move(token).error());
    std::string value = "Bearer ";
    value += **token;
    call.request_metadata.set("authorization", value);
    return next_(call);
  }

 private:
  static Task<Status> refuse(Status why) { co_return why; }
  const std::shared_ptr<const TokenSource> source_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> CredentialsLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client) return nullptr;
  return std::make_unique<Sending>(source_, next);
}

}  // namespace pintle
