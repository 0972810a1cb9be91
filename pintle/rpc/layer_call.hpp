// One call as its layers see it, on the server and on the client alike.
#pragma once

#include <exception>

#include <pintle/async/task.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/rpc/call.hpp>

namespace pintle {

// What becomes of an exception that left a handler, a layer, a source or a sink. Set by whoever makes calls.
class ExceptionPolicy {
 public:
  // The status with which the call ends. It should not hold what() on a server: that may be what a client must not see.
  virtual Status status_of(const LayerCall& call, const std::exception_ptr& exception) noexcept = 0;

 protected:
  ~ExceptionPolicy() = default;
};

// How busy the loop is on which a call runs, for layers that admit calls. Counted by the server.
struct LoopLoad {
  std::size_t running = 0;               // calls whose handlers have begun and not returned
  std::size_t waiting = 0;               // calls that came and wait for their turn (ConnectionOptions::max_running)
  const MemoryBudget* memory = nullptr;  // of the process; null: nobody counts
  MemoryLevel memory_level() const { return memory != nullptr ? memory->level() : MemoryLevel::ok; }
};

// Every Call is one. Only its loop's thread may touch it.
class LayerCall final : public Call {
 public:
  // `above` may be null.
  LayerCall(Loop& loop, const MethodInfo& method, Source& in, Sink& out, CancelScope* above)
      : Call(loop, method, in, out, above) {}
  // For pools: reset() comes before the first use, and source and sink are set then.
  LayerCall(Loop& loop, const MethodInfo& method) : Call(loop, method) {}
  // An attempt below `of`, with streams and a scope of its own: the same method, deadline and options. Its request
  // metadata overlay those of `of`: what it adds is sent besides, what it adds under the same key is sent instead.
  LayerCall(LayerCall& of, Source& in, Sink& out);

  // The innermost streams; a layer that taps messages swaps these for its own while the rest of the chain runs.
  using Call::facts;
  using Call::sink;
  using Call::source;
  // Counted where messages are framed, so a layer need not tap them. On a client, of all attempts that were chosen.
  using Call::traffic;
  // Ended by the deadline, a reset, a lost connection, the end of the grace time; CancelScope says why.
  using Call::scope;
  // The incoming call on whose behalf a client's call is made, or the call of which this is an attempt; may be null.
  using Call::parent;
  // Cancelled when the server begins to stop; null: nobody drains.
  using Call::draining;
  using Call::slots;
  using Call::values;

  // The call of which this is an attempt; null: none.
  LayerCall* attempt_of() const { return is_attempt_ ? parent : nullptr; }
  // This attempt is the one: its response head and trailers, facts and traffic become those of its call.
  void chosen();

  // -- Time ---------------------------------------------------------------------------------------------------------
  // The earlier of the two counts; a deadline never grows. A past one ends the call at once.
  void shorten_deadline(TimePoint at);
  // The call is cancelled with `status` at that time unless it is over; of all such times and the deadline the earliest
  // wins.
  void end_at(TimePoint at, Status status, CancelCause cause = CancelCause::deadline);
  // For whoever makes calls: sets the deadline, and from now on the loop keeps it.
  void set_deadline(Deadline deadline);

  // -- How it ends --------------------------------------------------------------------------------------------------
  // What the peer was, or on a client the caller will be, told: the status that ended the response where something
  // ended it before the handler returned (deadline, reset, lost connection, framing error), else `returned`. Layers
  // that measure ask it with what `next` returned.
  Status outcome(Status returned) const {
    if (ended_) return ended_status_;
    return returned;
  }
  // The response has ended.
  bool ended() const { return ended_; }
  // For whoever ends responses.
  void set_ended(Status status) {
    ended_ = true;
    ended_status_ = std::move(status);
  }
  // Server: not OK for a request that is refused before its handler (a head that breaks gRPC's rules, a method that is
  // not there, a header list that is too long). It passes the layers all the same; the handler is not asked.
  Status refusal;

  // -- Exceptions ---------------------------------------------------------------------------------------------------
  ExceptionPolicy* exceptions = nullptr;
  // The status for an exception that is being handled, which is logged.
  Status status_of(const std::exception_ptr& exception) const noexcept;
  // Ends the call with the status for the exception that is being handled.
  [[gnu::cold, gnu::noinline]] void fail_with_current_exception() noexcept;

  // -- Identity -----------------------------------------------------------------------------------------------------
  void set_identity(std::shared_ptr<const Identity> identity) { identity_ = std::move(identity); }
  // That of this call or of the nearest one for which it is made; null: nobody.
  const std::shared_ptr<const Identity>& nearest_identity() const;
  // Server: the credential that was verified last on this connection, and the number of this call's credential in its
  // header table; null where nobody remembers.
  VerifiedCredential* verified = nullptr;
  std::uint64_t credential_id = 0;

  // -- For those who make and end calls -----------------------------------------------------------------------------
  std::size_t max_message = SIZE_MAX;      // server: what its layers let it receive (Site::limit_messages())
  const LoopLoad* load = nullptr;          // server: of this loop; null: nobody counts
  std::optional<bool> wait_for_ready;      // client: queue rather than fail while the target is in TRANSIENT_FAILURE
  void** reply = nullptr;                  // server, unary: where a pooled response object may be kept; may be null
  std::shared_ptr<const void> peer_owner;  // client: keeps what facts.peer and facts.tls view

  // It is over: no deadline and no scope reaches it any more, its slots are empty.
  void finish();
  // For pools: the next call of the same or another method. REQUIRES: finish().
  void reset(const MethodInfo& m, CancelScope* above);

 private:
  struct Alarm : Timer {
    explicit Alarm(LayerCall& of) : Timer(&Alarm::ring), call(of) {}
    static void ring(Timer* timer) noexcept;
    LayerCall& call;
  };
  void arm(TimePoint at);

  bool is_attempt_ = false, ended_ = false;
  CancelCause alarm_cause_ = CancelCause::deadline;
  Status ended_status_;
  Status alarm_status_;  // OK: the alarm is the deadline's
  Alarm alarm_{*this};
};

// Every call is one.
inline LayerCall& for_layers(Call& call) { return static_cast<LayerCall&>(call); }
inline const LayerCall& for_layers(const Call& call) { return static_cast<const LayerCall&>(call); }

// A slot for a T on each call of the chain for which it was made (Site::slot()). A value type; loop's thread only.
template <class T>
class Slot {
 public:
  explicit Slot(std::size_t number) : number_(number) {}
  // Null when nothing is in it.
  T* get(LayerCall& call) const { return static_cast<T*>(call.slots.at(number_)); }
  // Puts a new value in place of the old one.
  template <class... Args>
  T& emplace(LayerCall& call, Args&&... args) const {
    return call.slots.emplace<T>(number_, std::forward<Args>(args)...);
  }

 private:
  std::size_t number_;
};

}  // namespace pintle
