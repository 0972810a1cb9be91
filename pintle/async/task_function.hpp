// A function that makes tasks, of whatever type: what std::function is for others.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <pintle/async/task.hpp>

namespace pintle {

// Holds a function that returns Task<T>; moveable. It must outlive the tasks that it makes: then a lambda's captures
// may be used to their end. (clang wants every function that returns a Task to be a coroutine or to be marked, which
// std::function's are not.)
template <class T, class... Args>
class TaskFunction {
 public:
  template <class F>
    requires(!std::same_as<F, TaskFunction> && std::same_as<std::invoke_result_t<F&, Args...>, Task<T>>)
  TaskFunction(F f) : body_(std::make_unique<Holding<F>>(std::move(f))) {}

  [[clang::coro_wrapper]] Task<T> operator()(Args... args) { return body_->call(std::forward<Args>(args)...); }

 private:
  struct Body {
    virtual ~Body() = default;
    [[clang::coro_wrapper]] virtual Task<T> call(Args... args) = 0;
  };
  template <class F>
  struct Holding final : Body {
    explicit Holding(F f) : function(std::move(f)) {}
    [[clang::coro_wrapper]] Task<T> call(Args... args) override { return function(std::forward<Args>(args)...); }
    F function;
  };
  std::unique_ptr<Body> body_;
};

}  // namespace pintle
