#include <pintle/net/tls_reload.hpp>

#include <exception>
#include <string>
#include <utility>

#include <pintle/async/blocking.hpp>

namespace pintle::net {
namespace {

struct Outcome {
  Reload reload = Reload::unchanged;
  std::string why;
};

Outcome reload_now(const ReloadOnce& reload) {
  Outcome outcome;
  try {
    outcome.reload = reload(&outcome.why);
  } catch (const std::exception& e) {
    outcome = {Reload::failed, e.what()};
  } catch (...) {
    outcome = {Reload::failed, "an exception of an unknown kind"};
  }
  return outcome;
}

}  // namespace

Task<void> reload_every(ReloadOnce reload, Duration interval, Logger log) {
  std::string last_failure;
  for (;;) {
    if (Status status = co_await sleep_for(interval); !status.ok()) co_return;
    const Result<Outcome> outcome = co_await blocking(reload_now, reload);
    if (!outcome) continue;  // the workers are busy: next time
    switch (outcome->reload) {
      case Reload::unchanged:
        continue;
      case Reload::replaced:
        log.info("certificates were replaced");
        last_failure.clear();
        continue;
      case Reload::failed:
        if (outcome->why != last_failure)
          log.error("certificates can't be replaced: the last good ones stay in use", {{"error", outcome->why}});
        last_failure = outcome->why;
    }
  }
}

Task<void> reload_every(std::shared_ptr<TlsServer> tls, Duration interval, Logger log) {
  co_await reload_every([tls](std::string* why) { return tls->reload(why); }, interval, log);
}

Task<void> reload_every(std::shared_ptr<TlsClient> tls, Duration interval, Logger log) {
  co_await reload_every([tls](std::string* why) { return tls->reload(why); }, interval, log);
}

}  // namespace pintle::net
