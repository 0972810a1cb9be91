// For code that uses Boost.Asio: the io_context of a loop, and `co_await` for any Asio operation.
//
// It is included by nobody else: Asio's headers are heavy. A loop that nobody asked for its io_context never enters
// Asio.
#pragma once

#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// The io_context whose handlers run on the loop's thread, between its other events. Made on first use: call it before
// the runtime starts or on the loop's thread (std::logic_error elsewhere, and on a loop that a test turns). From then
// on the loop blocks in Asio, which costs about two system calls per turn.
boost::asio::io_context& asio_context(Loop& loop);

// `co_await timer.async_wait(pintle::use_task)`: resumes on the coroutine's loop. Cancelling the scope cancels the
// operation through its cancellation slot; one that does not listen is awaited to its end. Use I/O objects of the
// loop's own asio_context().
//   void(error_code)       gives Status      void(error_code, T)       gives Result<T>
//   void(T)                gives T           void(error_code, T, U...) gives Result<std::tuple<T, U...>>
// An error_code becomes UNAVAILABLE with its message, operation_aborted the scope's status, or CANCELLED.
struct UseTask {};
inline constexpr UseTask use_task{};
// The same, with the error_code as it came: the error_code alone, or std::tuple<error_code, T...>.
struct UseTaskRaw {};
inline constexpr UseTaskRaw use_task_raw{};

namespace detail {

using ErrorCode = boost::system::error_code;

Status asio_status(const ErrorCode& error, const CancelScope* scope);

template <class... Args>
struct AsioState {
  Loop* loop = nullptr;
  Waiter* waiter = nullptr;  // null when the coroutine was destroyed
  std::optional<std::tuple<Args...>> results;
  boost::asio::cancellation_signal signal;
};

template <class... Args>
struct AsioHandler {
  using cancellation_slot_type = boost::asio::cancellation_slot;
  cancellation_slot_type get_cancellation_slot() const noexcept { return state->signal.slot(); }
  template <class... Given>
  void operator()(Given&&... given) {
    state->results.emplace(std::forward<Given>(given)...);
    if (state->loop->on_thread()) return wake(*state);
    state->loop->post([s = state] { wake(*s); });
  }
  static void wake(AsioState<Args...>& s) {
    if (s.waiter != nullptr) std::exchange(s.waiter, nullptr)->wake();
  }
  std::shared_ptr<AsioState<Args...>> state;
};

template <class... Args>
inline constexpr bool kFirstIsError = false;
template <class... Rest>
inline constexpr bool kFirstIsError<ErrorCode, Rest...> = true;

template <bool kRaw, class Start, class... Args>
class [[nodiscard("co_await it: the operation is not begun before")]] AsioOperation : CoWaiter {
 public:
  explicit AsioOperation(Start start) : start_(std::move(start)) { cancel_.owner = this; }
  ~AsioOperation() {
    if (!state_ || state_->results) return;
    state_->waiter = nullptr;
    state_->signal.emit(boost::asio::cancellation_type::terminal);
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    const Env& env = h.promise().env;
    scope_ = env.scope;
    if (kSaysError && scope_ != nullptr && scope_->cancelled()) return false;
    suspend(h, nullptr);
    auto state = std::make_shared<AsioState<Args...>>();
    state->loop = env.loop;
    state->waiter = this;
    state_ = state;
    std::move(start_)(AsioHandler<Args...>{std::move(state)});
    if (scope_ != nullptr) scope_->add(cancel_);
    return true;
  }
  auto await_resume() {
    cancel_.unlink();
    if constexpr (sizeof...(Args) == 0) {
      return;
    } else if constexpr (!kSaysError) {
      auto results = take();
      if constexpr (sizeof...(Args) == 1)
        return std::get<0>(std::move(results));
      else
        return results;
    } else if constexpr (kRaw) {
      auto results = take();
      if constexpr (sizeof...(Args) == 1)
        return std::get<0>(results);
      else
        return results;
    } else {
      return cooked(take());
    }
  }

 private:
  static constexpr bool kSaysError = kFirstIsError<Args...>;
  struct Cancel : CancelNode {
    Cancel() : CancelNode([](CancelNode* n) noexcept { static_cast<Cancel*>(n)->owner->cancel(); }) {}
    AsioOperation* owner = nullptr;
  };
  void cancel() noexcept {
    if (!state_->results) state_->signal.emit(boost::asio::cancellation_type::terminal);
  }
  std::tuple<Args...> take() {
    if (state_) return std::move(*state_->results);
    if constexpr (kSaysError) {  // the scope was cancelled before the start
      std::tuple<Args...> none{};
      std::get<0>(none) = boost::asio::error::operation_aborted;
      return none;
    } else {
      std::unreachable();
    }
  }
  auto cooked(std::tuple<Args...> results) {
    Status status = asio_status(std::get<0>(results), scope_);
    if constexpr (sizeof...(Args) == 1) {
      return status;
    } else {
      auto rest = std::apply([](auto&&, auto&&... r) { return std::tuple(std::move(r)...); }, std::move(results));
      if constexpr (sizeof...(Args) == 2) {
        using Value = Result<std::tuple_element_t<0, decltype(rest)>>;
        return status.ok() ? Value(std::get<0>(std::move(rest))) : Value(std::unexpected(std::move(status)));
      } else {
        using Value = Result<decltype(rest)>;
        return status.ok() ? Value(std::move(rest)) : Value(std::unexpected(std::move(status)));
      }
    }
  }

  Start start_;
  std::shared_ptr<AsioState<Args...>> state_;
  CancelScope* scope_ = nullptr;
  Cancel cancel_;
};

template <bool kRaw, class... Args>
struct AsioResult {
  template <class Initiation, class Token, class... InitArgs>
  static auto initiate(Initiation&& initiation, Token&&, InitArgs&&... args) {
    auto start = [i = std::forward<Initiation>(initiation),
                  a = std::tuple<std::decay_t<InitArgs>...>(std::forward<InitArgs>(args)...)](auto handler) mutable {
      std::apply([&](auto&&... each) { std::move(i)(std::move(handler), std::move(each)...); }, std::move(a));
    };
    return AsioOperation<kRaw, decltype(start), std::decay_t<Args>...>(std::move(start));
  }
};

}  // namespace detail
}  // namespace pintle

template <class R, class... Args>
class boost::asio::async_result<pintle::UseTask, R(Args...)> : public pintle::detail::AsioResult<false, Args...> {};
template <class R, class... Args>
class boost::asio::async_result<pintle::UseTaskRaw, R(Args...)> : public pintle::detail::AsioResult<true, Args...> {};
