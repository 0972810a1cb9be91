#include <pintle/app/dependency.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include <pintle/async/first_of.hpp>

namespace pintle {

Dependency::Dependency(std::string name, Ping ping, DependencyOptions options)
    : name_(std::move(name)),
      ping_(std::move(ping)),
      options_(options),
      state_(Status(Code::unavailable, "it was not asked yet", Origin::library)) {}

Task<Status> Dependency::check() {
  CancelScope* scope = (co_await current_env()).scope;
  Status found;
  try {
    auto first = co_await first_of(ping_(), sleep_for(options_.timeout));
    found = first.index() == 0 ? std::get<0>(std::move(first))
                               : Status(Code::deadline_exceeded, "it did not answer in time", Origin::library);
  } catch (const std::exception& e) {
    found = Status(Code::unknown, e.what(), Origin::library);
  } catch (...) {
    found = Status(Code::unknown, "an exception left its check", Origin::library);
  }
  if (scope != nullptr && scope->cancelled()) co_return scope->status();
  note(found);
  co_return found;
}

void Dependency::note(const Status& found) {
  std::lock_guard lock(mutex_);
  const Status state = *state_.get();
  const bool first = !std::exchange(asked_, true);
  if (found.ok() == state.ok() && !first) {
    in_a_row_ = 0;
    if (found != state) state_.set(found);  // down still, for another reason
    return;
  }
  const int needed = first ? 1 : found.ok() ? options_.successes : options_.failures;
  if (++in_a_row_ < needed) return;
  in_a_row_ = 0;
  if (found != state) state_.set(found);
}

Task<Status> Dependency::watch(const Lifecycle& lifecycle, Logger log) {
  for (bool first = true, up = false; !lifecycle.draining(); first = false) {
    const Status found = co_await check();
    const Status state = *state_.get();
    if (state.ok() != up || first) {
      if (state.ok())
        log.info("a dependency is up", {{"dependency", name_}});
      else
        log.warn("a dependency is down", {{"dependency", name_}, {"error", state.to_string()}});
    }
    up = state.ok();
    const Duration pause = found.ok() ? options_.interval : std::min(options_.retry, options_.interval);
    const auto next = co_await first_of(sleep_for(pause), lifecycle.reached(Phase::draining));
    const Status& passed = next.index() == 0 ? std::get<0>(next) : std::get<1>(next);
    if (!passed.ok()) co_return passed;
  }
  co_return Status();
}

}  // namespace pintle
