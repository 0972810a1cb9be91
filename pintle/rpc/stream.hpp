// The two ends of a stream of messages inside a call: Source gives them, Sink takes them.
#pragma once

#include <cstdint>

#include <pintle/async/waiter.hpp>
#include <pintle/rpc/message.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

class Metadata;

enum class Poll : std::uint8_t {
  ready,
  pending,  // not now: arm() a waiter
  end,      // no more, ever: the other side ended, or the call did (its scope then says why)
};

// One reader. Loop's thread only.
class Source {
 public:
  // ready: `message` is good until the next poll(); its bytes() may move whenever the reader is suspended. It reports
  // and should not throw; what it throws all the same ends the call as an exception of its handler does.
  virtual Poll poll(Message*& message) = 0;
  // One shot: woken only when the next poll() will say something else than pending. Null disarms.
  virtual void arm(Waiter* waiter) noexcept = 0;

 protected:
  ~Source() = default;
};

// One writer. The end of the stream and its status are the Handler's return, so there is no close. Loop's thread only.
class Sink {
 public:
  // The head of the response, once, before the first push(): it commits the call (no retry after it). Without it the
  // head goes out with the first message. On the way up (requests) it is not used.
  virtual void head(const Metadata& metadata) = 0;
  // ready: take the next. pending: the message was taken all the same; await room before the next. end: nobody reads
  // any more; the message is lost and the call is over. It may keep the memory of a large message (Message::large()):
  // who wants to see one looks before. What it or head() throws ends the call as an exception of its
  // handler does.
  virtual Poll push(const Message& message) = 0;
  // ready or end when a push() would not be pending.
  virtual Poll room() noexcept = 0;
  virtual void arm(Waiter* waiter) noexcept = 0;
  // With what it would compress the next message: large ones come compressed already. A sink that only hands messages
  // on says what the next one says; where it does not, they are compressed on the loop.
  virtual wire::Encoding coding() const { return wire::Encoding::identity; }

 protected:
  ~Sink() = default;
};

}  // namespace pintle
