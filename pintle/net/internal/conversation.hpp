// What a coroutine needs that talks over a stream before anybody else has it.
#pragma once

#include <string_view>

#include <pintle/async/cancel.hpp>
#include <pintle/async/event.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle::net {

// The stream's observer: whoever waits for `event` looks again when there is something.
struct Progress final : ByteStream::Observer {
  void on_readable() noexcept override { event.set(); }
  void on_writable() noexcept override { event.set(); }
  Event event;
};

// Cancels its scope when it rings. `late`, a literal, says what was not done in time.
struct Patience : Timer {
  Patience(CancelScope* parent, std::string_view what)
      : Timer([](Timer* t) noexcept {
          auto& self = *static_cast<Patience*>(t);
          self.scope.cancel(Status(Code::deadline_exceeded, self.late, Origin::library), CancelCause::deadline);
        }),
        scope(parent),
        late(what) {}
  CancelScope scope;
  const std::string_view late;
};

}  // namespace pintle::net
