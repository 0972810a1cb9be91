#include <pintle/net/tls_reload.hpp>

#include <exception>
#include <string>
#include <utility>

#include <pintle/async/blocking.hpp>
#include <pintle/async/first_of.hpp>

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

// OK when it is time to look again.
Task<Status> pause(Duration interval, const Watched<std::uint64_t>* asked, std::uint64_t& seen) {
  if (asked == nullptr) co_return co_await sleep_for(interval);
  const auto first = co_await first_of(sleep_for(interval), asked->changed(seen));
  if (first.index() == 0) co_return std::get<0>(first);
  const auto& changed = std::get<1>(first);
  if (!changed) co_return changed.error();
  seen = changed->version;
  co_return Status();
}

}  // namespace

Task<void> reload_every(ReloadOnce reload, Duration interval, Logger log, const Watched<std::uint64_t>* asked,
                        std::string what) {
  std::string last_failure;
  std::uint64_t seen = asked != nullptr ? asked->get().version : 0;
  for (;;) {
    if (Status status = co_await pause(interval, asked, seen); !status.ok()) co_return;
    const Result<Outcome> outcome = co_await blocking(reload_now, reload);
    if (!outcome) continue;  // the workers are busy: next time
    switch (outcome->reload) {
      case Reload::unchanged:
        continue;
      case Reload::replaced:
        log.info(what + " were replaced");
        last_failure.clear();
        continue;
      case Reload::failed:
        if (outcome->why != last_failure)
          log.error(what + " can't be replaced: the last good ones stay in use", {{"error", outcome->why}});
        last_failure = outcome->why;
    }
  }
}

Task<void> reload_every(std::shared_ptr<TlsServer> tls, Duration interval, Logger log,
                        const Watched<std::uint64_t>* asked) {
  co_await reload_every([tls](std::string* why) { return tls->reload(why); }, interval, log, asked);
}

Task<void> reload_every(std::shared_ptr<TlsClient> tls, Duration interval, Logger log,
                        const Watched<std::uint64_t>* asked) {
  co_await reload_every([tls](std::string* why) { return tls->reload(why); }, interval, log, asked);
}

}  // namespace pintle::net
