#include <pintle/telemetry/payload_log/payload_log_layer.hpp>

#include <algorithm>
#include <utility>

#include <pintle/rpc/path_pattern.hpp>
#include <pintle/rpc/request_id.hpp>

namespace pintle {

namespace {

// What the messages of one method are logged with.
struct Teller {
  Logger log;
  std::string_view component, path;
  std::size_t most;

  void write(const LayerCall& call, std::string_view direction, const TypeInfo* type, const void* object) const {
    if (type == nullptr || type->describe == nullptr || object == nullptr || !log.enabled(Level::info)) return;
    std::string content;
    type->describe(object, content, most);
    const auto* id = call.find<RequestId>();
    log.info("message", {{"grpc.component", component},
                         {"grpc.method", path},
                         {"direction", direction},
                         {"content", std::string_view(content)},
                         {"request_id", id != nullptr ? std::string_view(id->value) : std::string_view()}});
  }
};

class ToldSource final : public Source {
 public:
  ToldSource(const Teller& teller, LayerCall& call, std::string_view direction, const TypeInfo* type)
      : teller_(teller), call_(call), below_(*call.source), direction_(direction), type_(type) {}
  Poll poll(Message*& message) override {
    const Poll polled = below_.poll(message);
    if (polled == Poll::ready && type_ != nullptr) teller_.write(call_, direction_, type_, message->object());
    return polled;
  }
  void arm(Waiter* waiter) noexcept override { below_.arm(waiter); }
  Source& below() { return below_; }

 private:
  const Teller& teller_;
  LayerCall& call_;
  Source& below_;
  const std::string_view direction_;
  const TypeInfo* const type_;
};

class ToldSink final : public Sink {
 public:
  ToldSink(const Teller& teller, LayerCall& call, std::string_view direction, const TypeInfo* type)
      : teller_(teller), call_(call), below_(*call.sink), direction_(direction), type_(type) {}
  void head(const Metadata& metadata) override { below_.head(metadata); }
  Poll push(const Message& message) override {
    Message seen = message;  // push() may take the object
    if (type_ != nullptr) teller_.write(call_, direction_, type_, seen.object());
    return below_.push(message);
  }
  Poll room() noexcept override { return below_.room(); }
  void arm(Waiter* waiter) noexcept override { below_.arm(waiter); }
  wire::Encoding coding() const override { return below_.coding(); }
  Sink& below() { return below_; }

 private:
  const Teller& teller_;
  LayerCall& call_;
  Sink& below_;
  const std::string_view direction_;
  const TypeInfo* const type_;
};

class Telling final : public Handler {
 public:
  Telling(const PayloadLogOptions& options, const Site& site, Handler& next)
      : teller_{site.log, site.side == Side::server ? "server" : "client", site.method.path, options.most},
        server_(site.side == Side::server),
        in_(server_ ? site.method.request : site.method.response),
        out_(server_ ? site.method.response : site.method.request),
        next_(next) {}

  // On a client the source gives the requests, which go out, and the sink takes the responses.
  Task<Status> operator()(LayerCall& call) override {
    ToldSource source(teller_, call, server_ ? "in" : "out", server_ ? in_ : out_);
    ToldSink sink(teller_, call, server_ ? "out" : "in", server_ ? out_ : in_);
    call.source = &source;
    call.sink = &sink;
    Status status = co_await next_(call);
    call.source = &source.below();
    call.sink = &sink.below();
    co_return status;
  }

 private:
  const Teller teller_;
  const bool server_;
  const TypeInfo *const in_, *const out_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> PayloadLogLayer::wrap(const Site& site, Handler& next) const {
  const bool wanted = std::ranges::any_of(
      options_.methods, [&](const std::string& pattern) { return path_matches(pattern, site.method.path); });
  if (!wanted) return nullptr;
  return std::make_unique<Telling>(options_, site, next);
}

}  // namespace pintle
