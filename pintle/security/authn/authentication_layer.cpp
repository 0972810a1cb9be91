#include <pintle/security/authn/authentication_layer.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <pintle/base/log_limit.hpp>
#include <pintle/rpc/path_pattern.hpp>
#include <pintle/rpc/request_id.hpp>
#include <pintle/security/authn/token_cache.hpp>

namespace pintle {

namespace {

constexpr std::string_view kRefusal = "the call is not authenticated";

// The wall clock, which is read once in a while: between its readings the loop's own time goes on.
class LoopWallClock {
 public:
  WallTime now(const Loop& loop, const std::function<WallTime()>& clock) {
    const TimePoint at = loop.now();
    if (!read_ || at - read_at_ >= kPeriod) {
      read_ = true;
      read_at_ = at;
      wall_ = clock();
    }
    return wall_ + std::chrono::duration_cast<WallTime::duration>(at - read_at_);
  }

 private:
  static constexpr Duration kPeriod = std::chrono::milliseconds(100);
  bool read_ = false;
  TimePoint read_at_;
  WallTime wall_;
};

struct LoopState {
  LoopWallClock clock;
  std::optional<TokenCache> tokens;
  LogLimit log = LogLimit();
};

// The token behind "Bearer ", in any case (RFC 6750 section 2.1, RFC 9110 section 11.1); empty: there is none.
std::string_view bearer(std::string_view text) {
  constexpr std::string_view kScheme = "bearer ";
  if (text.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i)
    if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != kScheme[i]) return {};
  return text.substr(kScheme.size());
}

class Authenticating final : public Handler {
 public:
  Authenticating(const AuthenticationOptions& options, std::shared_ptr<PerLoop<LoopState>> loops, const Site& site,
                 Handler& next)
      : options_(options),
        streams_(site.method.kind != Kind::unary),
        log_(site.log),
        loops_(std::move(loops)),
        next_(next) {
    const Instrument outcomes{"pintle.authentication", "{call}", "Calls, by whether it is known who makes them.", {}};
    accepted_ = site.meters.counter(outcomes, {{"result", "accepted"}});
    anonymous_ = site.meters.counter(outcomes, {{"result", "anonymous"}});
    for (std::size_t i = 0; i < faults_.size(); ++i)
      faults_[i] =
          site.meters.counter(outcomes, {{"result", "refused"}, {"error.type", fault_name(static_cast<JwtFault>(i))}});
    missing_ = site.meters.counter(outcomes, {{"result", "refused"}, {"error.type", "no_credential"}});
  }

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    std::string_view shown;
    int entries = 0;
    for (const auto& [key, value] : call.request_metadata) {
      if (key != options_.key) continue;
      ++entries;
      shown = value;
    }
    if (entries > 1) return refuse(call, JwtFault::malformed);
    if (shown.empty()) return by_certificate(call);
    if (options_.tokens == nullptr) return refuse(call, JwtFault::unknown_issuer);
    const std::uint64_t epoch = options_.tokens->epoch();
    if (call.verified != nullptr) {
      const auto* known = call.verified->find(call.credential_id, shown, epoch);
      if (known != nullptr && !expired(call, **known)) return accept(call, *known);
    }
    return by_token(call, shown, epoch);
  }

 private:
  bool expired(LayerCall& call, const Identity& identity) const {
    return identity.expiry() && (*loops_)[call].clock.now(call.loop(), options_.now) >= *identity.expiry();
  }

  [[clang::coro_wrapper]] Task<Status> accept(LayerCall& call, std::shared_ptr<const Identity> identity) const {
    accepted_.add();
    if (streams_ && options_.stream_grace && identity->expiry()) {
      const auto left = *identity->expiry() - (*loops_)[call].clock.now(call.loop(), options_.now);
      if (left < std::chrono::hours(24 * 365))
        call.end_at(call.loop().now() + std::chrono::duration_cast<Duration>(left) + *options_.stream_grace,
                    Status(Code::unauthenticated, "the token with which the stream began has expired", Origin::library),
                    CancelCause::deadline);
    }
    call.set_identity(std::move(identity));
    return next_(call);
  }

  [[clang::coro_wrapper]] Task<Status> by_certificate(LayerCall& call) const {
    if (options_.certificates) {
      constexpr std::string_view kNoToken;
      if (call.verified != nullptr)
        if (const auto* known = call.verified->find(0, kNoToken, 0)) return accept(call, *known);
      if (auto identity = identity_of(*options_.certificates, call.tls())) {
        if (call.verified != nullptr) call.verified->store(0, kNoToken, 0, identity);
        return accept(call, std::move(identity));
      }
    }
    if (!options_.required) {
      anonymous_.add();
      return next_(call);
    }
    missing_.add();
    return end(call, "no_credential");
  }

  // A token that nobody on this connection has shown before. It is remembered under the epoch of before its
  // verification: when the keys change meanwhile, nobody finds it.
  Task<Status> by_token(LayerCall& call, std::string_view shown, std::uint64_t epoch) const {
    const std::string_view token = bearer(shown);
    LoopState& here = (*loops_)[call];
    std::shared_ptr<const Identity> identity =
        here.tokens->find(token, epoch, here.clock.now(call.loop(), options_.now));
    if (identity == nullptr) {
      auto verified = co_await options_.tokens->verify_or_wait(std::string(token), options_.now);
      if (!verified) co_return co_await refuse(call, verified.error());
      identity = std::make_shared<const Identity>(std::move(*verified));
      here.tokens->store(token, epoch, identity);
    }
    if (options_.certificates)
      if (const auto certified = identity_of(*options_.certificates, call.tls())) {
        Identity both = *identity;
        for (const std::string& name : certified->certificate_names()) both.certificate_name(name);
        identity = std::make_shared<const Identity>(std::move(both));
      }
    if (call.verified != nullptr) call.verified->store(call.credential_id, shown, epoch, identity);
    co_return co_await accept(call, std::move(identity));
  }

  [[clang::coro_wrapper]] Task<Status> refuse(LayerCall& call, JwtFault fault) const {
    faults_[static_cast<std::size_t>(fault)].add();
    return end(call, fault_name(fault));
  }

  Task<Status> end(LayerCall& call, std::string_view why) const {
    if (const auto passed = (*loops_)[call].log.pass(call.loop().now())) {
      const auto* id = call.find<RequestId>();
      log_.info("a call is not authenticated", {{"method", call.path()},
                                                {"peer.address", call.peer()},
                                                {"reason", why},
                                                {"request_id", id != nullptr ? std::string_view(id->value) : ""},
                                                {"left_out", passed->left_out}});
    }
    co_return Status(Code::unauthenticated, kRefusal, Origin::library);
  }

  const AuthenticationOptions& options_;
  const bool streams_;
  const Logger log_;
  const std::shared_ptr<PerLoop<LoopState>> loops_;
  Handler& next_;
  Counter accepted_, anonymous_, missing_;
  std::array<Counter, static_cast<std::size_t>(JwtFault::bad_claim) + 1> faults_;
};

}  // namespace

struct AuthenticationLayer::Shared {
  explicit Shared(AuthenticationOptions o) : options(std::move(o)) {}
  // What the methods of one server have in common.
  std::shared_ptr<PerLoop<LoopState>> loops(std::size_t count) {
    const std::lock_guard lock(mutex);
    if (states == nullptr || states->size() != count) {
      states = std::make_shared<PerLoop<LoopState>>(count);
      for (std::size_t i = 0; i < count; ++i) states->at(i).tokens.emplace(options.cached_tokens);
    }
    return states;
  }
  const AuthenticationOptions options;
  std::mutex mutex;
  std::shared_ptr<PerLoop<LoopState>> states;  // guarded by mutex
};

AuthenticationLayer::AuthenticationLayer(AuthenticationOptions options)
    : shared_(std::make_shared<Shared>(std::move(options))) {}

std::unique_ptr<Handler> AuthenticationLayer::wrap(const Site& site, Handler& next) const {
  const bool excepted = std::ranges::any_of(
      shared_->options.except, [&](const std::string& pattern) { return path_matches(pattern, site.method.path); });
  if (excepted) return nullptr;
  return std::make_unique<Authenticating>(shared_->options, shared_->loops(site.loops), site, next);
}

}  // namespace pintle
