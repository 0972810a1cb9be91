#include <pintle/net/tls_reload.hpp>

#include <string>
#include <utility>

#include <pintle/async/blocking.hpp>

namespace pintle::net {
namespace {

struct Outcome {
  Reload reload = Reload::unchanged;
  std::string why;
};

template <class Tls>
Outcome reload_now(std::shared_ptr<Tls> tls) {
  Outcome outcome;
  outcome.reload = tls->reload(&outcome.why);
  return outcome;
}

template <class Tls>
Task<void> keep_fresh(std::shared_ptr<Tls> tls, Duration interval, Logger log) {
  std::string last_failure;
  for (;;) {
    if (Status status = co_await sleep_for(interval); !status.ok()) co_return;
    const Result<Outcome> outcome = co_await blocking(reload_now<Tls>, tls);
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

}  // namespace

Task<void> reload_every(std::shared_ptr<TlsServer> tls, Duration interval, Logger log) {
  co_await keep_fresh(std::move(tls), interval, log);
}

Task<void> reload_every(std::shared_ptr<TlsClient> tls, Duration interval, Logger log) {
  co_await keep_fresh(std::move(tls), interval, log);
}

}  // namespace pintle::net
