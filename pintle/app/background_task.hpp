// What runs beside the calls of a process, see App::background() and App::on_drain().
#pragma once

#include <type_traits>
#include <utility>

#include <pintle/app/lifecycle.hpp>
#include <pintle/async/task.hpp>
#include <pintle/async/task_function.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// Called once; lives until its task is over.
using BackgroundTask = TaskFunction<Status, const Lifecycle&>;

namespace detail {

template <class F>
struct WithoutLifecycle {
  F function;
  [[clang::coro_wrapper]] Task<Status> operator()(const Lifecycle&) { return function(); }
};
template <class F>
struct WithoutTask {
  F function;
  Task<Status> operator()(const Lifecycle&) {
    function();
    co_return Status();
  }
};

}  // namespace detail

// From a function that returns Task<Status>, with or without the lifecycle, or from one that returns nothing.
template <class F>
BackgroundTask as_background_task(F f) {
  if constexpr (std::is_invocable_v<F&, const Lifecycle&>)
    return std::move(f);
  else if constexpr (std::is_void_v<std::invoke_result_t<F&>>)
    return detail::WithoutTask<F>{std::move(f)};
  else
    return detail::WithoutLifecycle<F>{std::move(f)};
}

}  // namespace pintle
