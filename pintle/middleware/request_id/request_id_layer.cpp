#include <pintle/middleware/request_id/request_id_layer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <pintle/rpc/request_id.hpp>

namespace pintle {

namespace {

constexpr std::size_t kLongest = 128;

// Not for secrets: ids must differ, no more. splitmix64, a state per loop.
struct Ids {
  std::uint64_t state = 0;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::string text() {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string id(32, '0');
    for (std::size_t half = 0; half < 2; ++half)
      for (std::uint64_t i = 0, bits = next(); i < 16; ++i, bits >>= 4) id[half * 16 + i] = kDigits[bits & 15];
    return id;
  }
};

class Naming final : public Handler {
 public:
  Naming(const RequestIdOptions& options, const Site& site, Handler& next)
      : key_(options.key),
        server_(site.side == Side::server),
        slot_(site.slot<RequestId>()),
        ids_(site.loops),
        next_(next) {
    for (std::size_t i = 0; i < site.loops; ++i)
      ids_.at(i).state = static_cast<std::uint64_t>(std::ldexp(site.random(), 53)) << 11 ^
                         static_cast<std::uint64_t>(std::ldexp(site.random(), 53));
  }

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    const auto given = call.request_metadata.get(key_);
    if (server_) {
      std::string id = given && is_request_id(*given) ? std::string(*given) : ids_[call].text();
      call.response_head.add(key_, id);
      slot_.emplace(call, std::move(id));
    } else if (!given) {
      const RequestId* const above = call.find<RequestId>();
      std::string id = above != nullptr ? above->value : ids_[call].text();
      call.request_metadata.add(key_, id);
      slot_.emplace(call, std::move(id));
    } else {
      slot_.emplace(call, std::string(*given));
    }
    return next_(call);
  }

 private:
  const std::string key_;
  const bool server_;
  const Slot<RequestId> slot_;
  PerLoop<Ids> ids_;
  Handler& next_;
};

}  // namespace

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::unique_ptr<Handler> RequestIdLayer::wrap(const Site& site, Handler& next) const {
  return std::make_unique<Naming>(options_, site, next);
}

}  // namespace pintle
