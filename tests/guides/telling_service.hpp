// The code of docs/guides/observability.md and operations.md.
#pragma once

#include <string>
#include <utility>

#include <notes.pintle.hpp>

#include <pintle/app/app.hpp>
#include <pintle/middleware/errors/domain_error.hpp>
#include <pintle/telemetry/tracing/call_span.hpp>

namespace guides {

using guides::v1::Note;

// A store that is there or not.
struct Shelf {
  pintle::Task<pintle::Status> ping() { co_return up ? pintle::Status() : pintle::unavailable("the shelf is empty"); }
  bool up = true;
};

class Telling final : public guides::v1::Notes::Service {
 public:
  explicit Telling(pintle::Meters meters)
      : added_(
            // [counter]
            meters.counter({"notes.added", "{note}", "Notes that were added.", {}})
            // [/counter]
        ) {}

  pintle::Task<pintle::Result<Note>> Add(pintle::Call& call, const Note& note) override {
    // [span]
    pintle::span_of(call).set("notes.room", note.room());
    pintle::Span looking = pintle::start_span(call, "look for the room");  // ends with its scope
    // [/span]
    if (note.room() == "nowhere") {
      looking.fail("it is not there");
      // [error]
      throw pintle::DomainError(pintle::ErrorKind::not_found, "there is no room " + note.room())
          .reason("ROOM_NOT_FOUND")
          .resource("room", note.room());
      // [/error]
    }
    added_.add();
    co_return note;
  }

 private:
  const pintle::Counter added_;
};

inline void depend(pintle::App& app, Shelf& store) {
  // [dependency]
  app.depends_on("database", [&]() -> pintle::Task<pintle::Status> { co_return co_await store.ping(); });
  // [/dependency]
}

}  // namespace guides
