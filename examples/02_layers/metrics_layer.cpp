#include <array>

#include "kept_out.hpp"
#include "metrics_layer.hpp"

namespace layers {
namespace {

constexpr std::size_t kCodes = 17;  // those of gRPC, OK to UNAUTHENTICATED

// [handler]
class Measured final : public pintle::Handler {
 public:
  Measured(const pintle::Site& site, pintle::Handler& next)
      : next_(next),
        duration_(site.meters.histogram({"rpc.call.duration", "s", "How long calls took.", {}},
                                        {{"rpc.method", site.method.path}})),
        in_(messages(site, "in")),
        out_(messages(site, "out")),
        kept_out_(site.slot<KeptOut>()) {
    for (std::size_t code = 0; code < kCodes; ++code)
      ended_[code] = site.meters.counter(
          {"rpc.calls", "{call}", "How calls ended.", {}},
          {{"rpc.method", site.method.path}, {"rpc.status", pintle::code_name(static_cast<pintle::Code>(code))}});
    for (std::size_t why = 0; why < reasons_.size(); ++why)
      reasons_[why] = site.meters.counter({"rpc.kept_out", "{call}", "Calls that a layer kept out.", {}},
                                          {{"rpc.method", site.method.path}, {"reason", kKeptOutNames[why]}});
  }

  pintle::Task<pintle::Status> operator()(pintle::LayerCall& call) override {
    pintle::Status status = co_await next_(call);
    const pintle::Status told = call.outcome(status);  // what the peer was told, which a handler can't always know
    duration_.record(std::chrono::duration<double>(call.elapsed()).count());
    ended_[static_cast<std::size_t>(told.code())].add();
    in_.add(call.traffic.in.messages);
    out_.add(call.traffic.out.messages);
    if (const KeptOut* why = kept_out_.get(call)) reasons_[static_cast<std::size_t>(*why)].add();
    co_return status;
  }

 private:
  static pintle::Counter messages(const pintle::Site& site, std::string_view direction) {
    return site.meters.counter({"rpc.messages", "{message}", "Messages that passed.", {}},
                               {{"rpc.method", site.method.path}, {"direction", direction}});
  }

  pintle::Handler& next_;
  pintle::Histogram duration_;
  pintle::Counter in_, out_;
  std::array<pintle::Counter, kCodes> ended_;
  std::array<pintle::Counter, std::size(kKeptOutNames)> reasons_;
  pintle::Slot<KeptOut> kept_out_;
};
// [/handler]

}  // namespace

std::unique_ptr<pintle::Handler> MetricsLayer::wrap(const pintle::Site& site, pintle::Handler& next) const {
  return std::make_unique<Measured>(site, next);
}

}  // namespace layers
