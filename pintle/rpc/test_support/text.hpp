// A message type without Protobuf, and the small furniture of this room's tests: its bytes are its text, so tests read
// what they wrote, and the text "bad" can't be parsed.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <pintle/async/internal/turned_loop.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/rpc/type_of.hpp>

namespace pintle::test {

struct Text {
  Text() = default;
  explicit Text(std::string v) : value(std::move(v)) {}
  // What type_of<> asks of a message class.
  struct Descriptor {
    std::string_view full_name() const { return "test.Text"; }
  };
  static const Descriptor* descriptor() {
    static constexpr Descriptor kDescriptor;
    return &kDescriptor;
  }
  bool ParseFromArray(const void* bytes, int n) {
    ++parses;
    value.assign(static_cast<const char*>(bytes), static_cast<std::size_t>(n));
    return value != "bad";
  }
  std::size_t ByteSizeLong() const { return value.size(); }
  void SerializeWithCachedSizesToArray(std::uint8_t* to) const {
    value.copy(reinterpret_cast<char*>(to), value.size());
  }
  void Clear() { value.clear(); }

  inline static std::atomic<int> parses = 0;
  std::string value;
};

inline const TypeInfo& text_type() { return type_of<Text>; }

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string text_of(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Puts a text into a sink as bytes.
inline Poll push(Sink& sink, std::string_view text) { return sink.push(Message(bytes_of(text), nullptr, nullptr)); }

// What a poll() gives: the text, "<pending>" or "<end>".
inline std::string take(Source& source) {
  Message* message = nullptr;
  switch (source.poll(message)) {
    case Poll::ready:
      return text_of(message->bytes());
    case Poll::pending:
      return "<pending>";
    case Poll::end:
      return "<end>";
  }
  return "";
}

// A call that nobody makes, on a loop that is turned by hand. Its large messages wait for run_one() of the compute
// pool.
struct LoneCall {
  LoneCall() { turned.loop.set_compute(&compute); }
  static WorkerPoolOptions no_threads(std::size_t max_queued = 1024) {
    WorkerPoolOptions options;
    options.threads = 0;
    options.max_queued = max_queued;
    return options;
  }
  TurnedLoop turned;
  WorkerPool compute{no_threads()};
  MethodInfo method;
  LayerCall call{turned.loop, method};
};

// Counts its wake-ups.
struct Bell : Waiter {
  Bell() : Waiter{[](Waiter* w) noexcept { ++static_cast<Bell*>(w)->rung; }} {}
  int rung = 0;
};

// A function that makes a task, held like a std::function, which clang's check of coroutine wrappers refuses.
template <class... Args>
class TaskFunction {
 public:
  TaskFunction() = default;
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, TaskFunction>)
  TaskFunction(F f) : held_(std::make_shared<Holder<F>>(std::move(f))) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return held_ != nullptr; }
  [[clang::coro_wrapper]] Task<Status> operator()(Args... args) const { return held_->call(args...); }

 private:
  struct Base {
    virtual Task<Status> call(Args... args) = 0;
    virtual ~Base() = default;
  };
  template <class F>
  struct Holder final : Base {
    explicit Holder(F f) : function(std::move(f)) {}
    [[clang::coro_wrapper]] Task<Status> call(Args... args) override { return function(args...); }
    F function;
  };
  std::shared_ptr<Base> held_;
};

constexpr MethodInfo method_of_kind(Kind kind) {
  return {.path = "/test.Texts/Do",
          .service = "test.Texts",
          .name = "Do",
          .kind = kind,
          .request = &type_of<Text>,
          .response = &type_of<Text>};
}

}  // namespace pintle::test
