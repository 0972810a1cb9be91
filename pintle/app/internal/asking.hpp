// Questions to loops from a thread that is none and must not wait for ever, such as that of the admin port.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <pintle/async/cancel.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>

namespace pintle {

namespace detail {

// `ask` lives as long as its task does.
template <class T, class F>
Root answer_to(std::shared_ptr<std::promise<std::optional<T>>> answer, std::shared_ptr<CancelScope> scope, F ask) {
  try {
    answer->set_value(co_await ask());
  } catch (...) {
    answer->set_value(std::nullopt);
  }
}

}  // namespace detail

// What `ask()`, a task, gives on `loop`. Nothing when it throws, or takes longer than `patience`: it goes on then, so
// what it uses must outlive the loops' end.
template <class T, class F>
std::optional<T> ask_for(Loop& loop, Duration patience, F ask) {
  auto answer = std::make_shared<std::promise<std::optional<T>>>();
  auto coming = answer->get_future();
  loop.post([answer, &loop, ask = std::move(ask)]() mutable {
    auto scope = std::make_shared<CancelScope>();
    const Env env{&loop, scope.get(), nullptr};
    detail::answer_to<T>(std::move(answer), std::move(scope), std::move(ask)).start(env);
  });
  if (coming.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return coming.get();
}

// How long each loop takes to come to something that is asked of it now; max() for one that takes longer than
// `patience`, and for all of them together no longer than that.
inline std::vector<Duration> ask_loops(Runtime& runtime, Duration patience) {
  using Clock = std::chrono::steady_clock;
  const auto asked = Clock::now();
  std::vector<std::future<Clock::time_point>> coming;
  for (std::size_t i = 0; i < runtime.size(); ++i) {
    auto answer = std::make_shared<std::promise<Clock::time_point>>();
    coming.push_back(answer->get_future());
    runtime.loop(i).post([answer] { answer->set_value(Clock::now()); });
  }
  std::vector<Duration> lag;
  for (auto& one : coming)
    lag.push_back(one.wait_until(asked + patience) == std::future_status::ready
                      ? std::chrono::duration_cast<Duration>(one.get() - asked)
                      : Duration::max());
  return lag;
}

}  // namespace pintle
