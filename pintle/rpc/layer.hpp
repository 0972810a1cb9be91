// What a middleware is: a Layer, which wraps the handler of each method once, when the server or channel starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/random.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/rpc/layer_call.hpp>

namespace pintle {

enum class Side : std::uint8_t { server, client };

// Where in a chain a layer stands, outermost first. Within a place the order is that in which layers were added, unless
// before() and after() say otherwise.
enum class Place : std::uint8_t {
  telemetry,       // both sides: trace, metrics, access log; sees every call and how it really ended
  recover,         // server: maps errors
  admission,       // server: drain, concurrency, shedding
  deadline,        // both sides
  breaker,         // client
  retry,           // client: retries and hedging
  attempt,         // client: per attempt, inside the retries
  authentication,  // server
  credentials,     // client: what is sent for authentication
  authorization,   // server
  quota,           // server: limits by identity
  validation,      // server
  user,            // both sides; the default
};
std::string_view place_name(Place place);

// Options for the methods whose paths match a pattern (path_pattern.hpp), as a serialised
// google.protobuf.MethodOptions.
struct MethodOverlay {
  MethodOverlay(std::string p, std::string o) : pattern(std::move(p)), options(std::move(o)) {}
  std::string pattern;
  std::string options;
};

// The method's own options and over them those whose pattern matches its path, in their order: what is set in a later
// one wins, repeated fields grow, as Protobuf merges.
std::string resolved_options(const MethodInfo& method, std::span<const MethodOverlay> overlays);

// Where a layer is put: one method of one server or channel, with what there is to work with. Valid during wrap(); what
// its references name lives as long as the chain.
class Site {
 public:
  Site(Side s, const MethodInfo& m, SlotLayout& slots) : side(s), method(m), slots_(slots) {}

  const Side side;
  const MethodInfo& method;
  std::size_t loops = 1;  // how many there are: Loop::index() of every call is below it
  Logger log;
  Meters meters;
  const Clock* clock = nullptr;  // of its loops; not null
  Random random = system_random();
  // resolved_options() of the method; options.hpp reads them.
  std::string options;

  // The calls of this method take no messages above so many bytes: one of them ends the call with RESOURCE_EXHAUSTED
  // before it is read. The least of what the layers and the server say counts. On a server.
  void limit_messages(std::size_t bytes) const { max_message_ = bytes < max_message_ ? bytes : max_message_; }
  std::size_t max_message() const { return max_message_; }

  // The slot for a T on the calls of this chain: one for each type, whoever asks for it.
  template <class T>
  Slot<T> slot() const {
    return Slot<T>(slots_.number<T>());
  }

 private:
  SlotLayout& slots_;
  mutable std::size_t max_message_ = SIZE_MAX;
};

// Any thread; const, because one layer wraps many methods.
class Layer {
 public:
  // Unique in a chain, lower_snake: "access_log". For before(), after(), configuration and start-up errors.
  virtual std::string_view name() const = 0;
  virtual Place place() const { return Place::user; }
  // Names of layers that this one must be outside of, or inside of. One that is not there makes no order.
  virtual std::vector<std::string_view> before() const { return {}; }
  virtual std::vector<std::string_view> after() const { return {}; }
  // It sends what nobody on the way may read: a channel without TLS refuses it.
  virtual bool needs_tls() const { return false; }
  // Null: the layer does not apply to this method. `next` outlives the result and never throws. A handler without a
  // coroutine frame is the cheapest: `[[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override { ...;
  // return next_(call); }`
  virtual std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const = 0;
  virtual ~Layer() = default;
};

// A T per loop, each on cache lines of its own: counters and caches without locks. `PerLoop<int> n(site.loops);
// ++n[call];`
template <class T>
class PerLoop {
 public:
  explicit PerLoop(std::size_t loops) : shards_(std::make_unique<Shard[]>(loops)), size_(loops) {}
  // Only from that loop's thread, unless T may be shared.
  T& operator[](const Loop& loop) const { return shards_[loop.index()].value; }
  T& operator[](const Call& call) const { return (*this)[call.loop()]; }
  std::size_t size() const { return size_; }
  // For those who gather. REQUIRES: index < size().
  T& at(std::size_t index) const { return shards_[index].value; }

 private:
  struct alignas(64) Shard {
    T value{};
  };
  std::unique_ptr<Shard[]> shards_;
  std::size_t size_;
};

}  // namespace pintle
