// Drives layers alone: calls go through them into a script, and nothing else is there, no wire, no service, no time but
// the test's.
//
//   LayerDriver driver(Side::server, std::make_shared<AuthLayer>());
//   driver.next(Script().reads().writes("hello"));
//   DrivenCall& call = driver.call().metadata("authorization", "Bearer x").sends("hi");
//   call.start();
//   EXPECT_EQ(call.status().code(), Code::unauthenticated);
//   EXPECT_EQ(driver.reached(), 0u);
#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/async/task_function.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/chain.hpp>
#include <pintle/rpc/type_of.hpp>
#include <pintle/testing/kit/observed.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::testing {

// What the handler inside of the layers met in one call.
struct Heard {
  Heard() = default;
  std::vector<std::string> messages;  // that it read, encoded
  bool requests_ended = false;        // it read to the end
  Metadata metadata;                  // the request's, when it was called
  std::optional<Status> returned;     // nothing while it runs, and when it threw
};

// What `next` does, step by step. A step that fails (the call is cancelled) ends the script with that status, as a
// handler would. Fluent; a value type.
class Script {
 public:
  Script() = default;

  Script& reads(std::size_t messages = 1);
  Script& reads_all();
  Script& writes(std::string_view bytes);
  template <class T>
    requires(!std::convertible_to<const T&, std::string_view>)
  Script& writes(const T& message) {
    return writes(encoded(type_of<T>, &message));
  }
  Script& adds_head(std::string_view key, std::string_view value);
  Script& adds_trailer(std::string_view key, std::string_view value);
  Script& sends_head();
  Script& waits(Duration how_long);
  // Until the call is cancelled, and ends with its status.
  Script& waits_for_cancellation();
  Script& does(std::function<void(LayerCall&)> what);
  // The end: a std::runtime_error, or any exception.
  Script& throws(std::string what);
  Script& throws(std::exception_ptr what);
  // The end. A script without it ends with OK.
  Script& returns(Status status);

  // `object` as a message of that type travels.
  static std::string encoded(const TypeInfo& type, const void* object);

 private:
  friend class LayerDriver;
  using Step = TaskFunction<Status, LayerCall&, Heard&>;
  template <class F>
  Script& then(F step) {
    steps_.push_back(std::make_shared<Step>(std::move(step)));
    return *this;
  }
  std::vector<std::shared_ptr<Step>> steps_;
};

// One call: what its peer, or on a client its caller, does and gets. Made by LayerDriver::call(), which keeps it.
class DrivenCall {
 public:
  DrivenCall(const DrivenCall&) = delete;
  ~DrivenCall();

  // -- Before and while it runs -------------------------------------------------------------------------------------
  DrivenCall& metadata(std::string_view key, std::string_view value);
  DrivenCall& timeout(Duration timeout);
  // A message more. A call whose method does not stream requests has all with the first.
  DrivenCall& sends(std::string_view bytes);
  template <class T>
    requires(!std::convertible_to<const T&, std::string_view>)
  DrivenCall& sends(const T& message) {
    return sends(Script::encoded(type_of<T>, &message));
  }
  DrivenCall& ends();
  // Not OK: what the server found wrong with the request's head. `next` is not reached then.
  DrivenCall& refused(Status status);
  // Takes no more messages until it does again: Sink::push() says pending.
  DrivenCall& reads_responses(bool reads);
  // For everything else that there is to say.
  LayerCall& call() { return call_; }

  // Turns the loop until it is idle.
  DrivenCall& start();
  // The call ends for that cause, with the status that a server or a channel would give it.
  DrivenCall& cancel(CancelCause cause = CancelCause::peer_reset);

  // -- What came of it ----------------------------------------------------------------------------------------------
  bool done() const { return returned_.has_value(); }
  // What the outermost layer returned, and what the peer was told, which may have been earlier. REQUIRES: done().
  const Status& returned() const;
  Status status() const { return call_.outcome(returned()); }
  // The responses, encoded, and as objects.
  const std::vector<std::string>& messages() const { return taken_; }
  template <class T>
  T message(std::size_t index) const {
    T parsed;
    const std::string& bytes = taken_.at(index);
    if (!parsed.ParseFromString(bytes)) throw std::logic_error("the response can't be parsed");
    return parsed;
  }
  // The head that went out; nothing before it did.
  const std::optional<Metadata>& head() const { return head_; }
  const Metadata& trailers() const { return call_.response_trailers; }

 private:
  friend class LayerDriver;
  class Requests;
  class Responses;
  struct Ended;
  DrivenCall(TestLoop& loop, Side side, const MethodInfo& method, const Chain& chain);
  Task<void> run();

  TestLoop& loop_;
  const Chain& chain_;
  std::unique_ptr<Requests> requests_;
  std::unique_ptr<Responses> responses_;
  LayerCall call_;
  std::unique_ptr<Ended> ended_;
  std::vector<std::string> taken_;
  std::optional<Metadata> head_;
  std::optional<Status> returned_;
  std::optional<Running<void>> running_;
};

// The layers, what they are given, and the calls through them. One thread.
class LayerDriver {
 public:
  // In the order of their places, as a server's or a channel's. Throws std::invalid_argument when they have none.
  LayerDriver(Side side, std::vector<std::shared_ptr<const Layer>> layers);
  LayerDriver(Side side, std::shared_ptr<const Layer> layer)
      : LayerDriver(side, std::vector<std::shared_ptr<const Layer>>{std::move(layer)}) {}
  LayerDriver(const LayerDriver&) = delete;
  ~LayerDriver();

  // -- Before the first call ----------------------------------------------------------------------------------------
  // By default "/test.v1.Test/Call", a bidi stream of bytes. What it views must outlive the driver.
  LayerDriver& method(const MethodInfo& method);
  LayerDriver& kind(Kind kind);
  // A serialised google.protobuf.MethodOptions over those of the .proto.
  LayerDriver& options(std::string serialised);
  // One more script: the first call to reach `next` follows the first, and so on; the last one is followed for ever.
  // Without any, `next` returns OK.
  LayerDriver& next(Script script);

  // -- Calls --------------------------------------------------------------------------------------------------------
  DrivenCall& call();
  TestLoop& loop() { return loop_; }
  void advance(Duration d) { loop_.advance(d); }
  // How often `next` was reached, and what it heard, oldest first.
  std::size_t reached() const { return heard_.size(); }
  const Heard& heard(std::size_t index = 0) const { return heard_.at(index); }

  // What the layers logged and measured; chance as they see it.
  ObservedLog log;
  ObservedMeter meter;
  double chance = 0.5;

 private:
  class Next;
  const Chain& chain();

  const Side side_;
  std::vector<std::shared_ptr<const Layer>> layers_;
  std::vector<const Layer*> ordered_;
  TestLoop loop_;
  MethodInfo method_;
  std::string options_;
  std::vector<Script> scripts_;
  std::deque<Heard> heard_;
  std::unique_ptr<Next> next_;
  std::optional<Chain> chain_;
  std::vector<std::unique_ptr<DrivenCall>> calls_;
};

}  // namespace pintle::testing
