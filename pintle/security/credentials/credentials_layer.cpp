#include <pintle/security/credentials/credentials_layer.hpp>

#include <string>

namespace pintle {

namespace {

class Sending final : public Handler {
 public:
  Sending(std::shared_ptr<const TokenSource> source, std::size_t loops, Handler& next)
      : source_(std::move(source)), headers_(loops), next_(next) {}

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    for (const LayerCall* above = &call; above != nullptr; above = above->attempt_of())
      if (above->request_metadata.get("authorization")) return next_(call);
    auto token = source_->token();
    if (!token) return refuse(std::move(token).error());
    Header& header = headers_[call];
    if (header.token != *token) {
      header.token = std::move(*token);
      header.value = "Bearer " + *header.token;
    }
    call.request_metadata.set("authorization", header.value);
    return next_(call);
  }

 private:
  static Task<Status> refuse(Status why) { co_return why; }
  // Of the token that was sent last, made when that is another.
  struct Header {
    std::shared_ptr<const std::string> token;
    std::string value;
  };

  const std::shared_ptr<const TokenSource> source_;
  const PerLoop<Header> headers_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> CredentialsLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client) return nullptr;
  return std::make_unique<Sending>(source_, site.loops, next);
}

}  // namespace pintle
