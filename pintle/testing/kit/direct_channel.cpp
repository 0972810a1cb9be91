#include <pintle/testing/kit/direct_channel.hpp>

#include <stdexcept>
#include <utility>

#include <pintle/base/random.hpp>
#include <pintle/rpc/message.hpp>

namespace pintle::testing {

namespace {

// Tells the caller's call of the head, with which a server commits.
class HeadSink final : public Sink {
 public:
  explicit HeadSink(LayerCall& outer) : outer_(outer) {}
  void serve(LayerCall& served) { served_ = &served; }
  void head(const Metadata& metadata) override {
    if (std::exchange(sent_, true)) return;
    served_->facts.committed = outer_.facts.committed = true;
    outer_.response_head = metadata;
    outer_.sink->head(metadata);
  }
  Poll push(const Message& message) override {
    head(served_->response_head);
    return outer_.sink->push(message);
  }
  Poll room() noexcept override { return outer_.sink->room(); }
  void arm(Waiter* waiter) noexcept override { outer_.sink->arm(waiter); }

 private:
  LayerCall& outer_;
  LayerCall* served_ = nullptr;
  bool sent_ = false;
};

}  // namespace

class DirectChannel::Method final : public Handler {
 public:
  Method(std::unique_ptr<Handler> handler, const MethodInfo& info, const Loop& loop,
         std::span<const Layer* const> layers, Replies replies)
      : handler_(std::move(handler)), info_(info), pooled_(replies == Replies::pooled) {
    auto slots = std::make_unique<SlotLayout>();
    Site site(Side::server, info_, *slots);
    site.loops = loop.index() + 1;
    site.clock = &loop.clock();
    site.options = std::string(info.options);
    chain_ = Chain::build(site, std::move(slots), *handler_, layers);
  }

  Task<Status> operator()(LayerCall& outer) override {
    HeadSink sink(outer);
    LayerCall served(outer.loop(), info_, *outer.source, sink, &outer.scope);
    sink.serve(served);
    served.slots.use(chain_.slots());
    served.request_metadata = outer.request_metadata;
    served.facts.peer = "direct";
    served.draining = outer.draining;
    served.set_deadline(outer.deadline());
    MessageSlot reply(info_.response);
    if (pooled_ && info_.kind == Kind::unary && info_.response != nullptr) served.reply = reply.at();
    Status status;
    try {
      status = co_await chain_.top()(served).in({&outer.loop(), &served.scope, &served});
    } catch (...) {
      status = served.status_of(std::current_exception());
    }
    if (served.cancelled()) status = served.status();
    outer.response_trailers = served.response_trailers;
    if (!served.response_head.empty()) sink.head(served.response_head);
    served.finish();
    co_return status;
  }

 private:
  std::unique_ptr<Handler> handler_;
  const MethodInfo& info_;
  const bool pooled_;
  Chain chain_;
};

DirectChannel::DirectChannel(Service& service, Loop& loop, std::vector<std::shared_ptr<const Layer>> layers,
                             Replies replies)
    : loop_(loop), layers_(std::move(layers)) {
  auto ordered = order_layers(Side::server, layers_);
  if (!ordered) throw std::invalid_argument(ordered.error().to_string());
  const ServiceInfo& info = service.info();
  for (std::size_t i = 0; i < info.methods.size(); ++i)
    methods_.emplace(info.methods[i].path,
                     std::make_unique<Method>(service.handler(i), info.methods[i], loop, *ordered, replies));
}

DirectChannel::~DirectChannel() = default;

Handler& DirectChannel::method(const MethodInfo& method) { return *methods_.at(method.path); }

}  // namespace pintle::testing
