// The code of docs/guides/service.md.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <google/rpc/error_details.pb.h>

#include "notes.pintle.hpp"
#include <pintle/app/app.hpp>
#include <pintle/async/blocking.hpp>
#include <pintle/async/broadcast.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/rpc/details.hpp>

namespace guides {

using guides::v1::Count;
using guides::v1::Note;
using guides::v1::Room;
using pintle::Call;
using pintle::Reader;
using pintle::Result;
using pintle::Status;
using pintle::Task;
using pintle::Writer;

// Calls block, as those of many libraries do.
class Archive {
 public:
  Archive() = default;
  void append(const Note& note) {
    std::lock_guard lock(mutex_);
    notes_.push_back(note);
  }
  std::vector<Note> of(const std::string& room) const {
    std::lock_guard lock(mutex_);
    std::vector<Note> found;
    for (const Note& note : notes_)
      if (note.room() == room) found.push_back(note);
    return found;
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return notes_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Note> notes_;
};

class Notes final : public guides::v1::Notes::Service {
 public:
  explicit Notes(Archive& archive) : archive_(archive) {}

  // [unary]
  Task<Result<Note>> Add(Call& call, const Note& request) override {
    if (Status bad = check(request); !bad.ok()) co_return bad;
    Note note = request;
    if (note.room().empty()) note.set_room(std::string(call.request_metadata.get("x-room").value_or("lobby")));
    if (Status stored = co_await pintle::blocking([&] { archive_.append(note); }); !stored.ok()) co_return stored;
    feed_.publish(note);
    call.response_trailers.add("x-notes", std::to_string(archive_.size()));
    co_return note;
  }
  // [/unary]

  // [client_stream]
  Task<Result<Count>> Import(Call&, Reader<Note>& notes) override {
    Count count;
    for (;;) {
      const auto note = co_await notes.read();
      if (!note) co_return note.error();      // cancelled, out of time, malformed
      if (*note == nullptr) co_return count;  // the client has sent all
      archive_.append(**note);
      count.set_notes(count.notes() + 1);
    }
  }
  // [/client_stream]

  // [server_stream]
  Task<Status> List(Call&, const Room& request, Writer<Note>& notes) override {
    for (const Note& note : archive_.of(request.name()))
      if (Status gone = co_await notes.write(note); !gone.ok()) co_return gone;
    co_return Status();
  }
  // [/server_stream]

  // [feed]
  Task<Status> Follow(Call& call, const Room& request, Writer<Note>& notes) override {
    auto feed = feed_.subscribe();
    call.send_head();  // the client knows that it follows
    for (;;) {
      auto next = co_await pintle::first_of(feed.read(), call.drained());
      if (next.index() == 1) co_return std::get<1>(next);  // the server drains: OK, or the call's own end
      auto& note = std::get<0>(next);
      if (!note) co_return note.error();
      if (*note == nullptr) co_return Status();
      if ((*note)->room() != request.name()) continue;
      if (Status gone = co_await notes.write(**note); !gone.ok()) co_return gone;
    }
  }
  // [/feed]

  // [bidi]
  Task<Status> Echo(Call&, Reader<Note>& in, Writer<Note>& out) override {
    for (;;) {
      const auto note = co_await in.read();
      if (!note) co_return note.error();
      if (*note == nullptr) co_return Status();
      if (Status gone = co_await out.write(**note); !gone.ok()) co_return gone;
    }
  }
  // [/bidi]

 private:
  // [details]
  static Status check(const Note& note) {
    if (!note.text().empty()) return {};
    google::rpc::BadRequest bad;
    auto* field = bad.add_field_violations();
    field->set_field("text");
    field->set_description("is empty");
    return pintle::with_detail(pintle::invalid_argument("the note has no text"), bad);
  }
  // [/details]

  Archive& archive_;
  pintle::Broadcast<Note> feed_{1000};
};

// [background]
inline void tidy_up(pintle::App& app, Archive& archive) {
  app.background("count notes", [&app, &archive](const pintle::Lifecycle& lifecycle) -> Task<Status> {
    while (!lifecycle.draining()) {
      app.log().info("notes", {{"count", archive.size()}});
      co_await pintle::first_of(pintle::sleep_for(std::chrono::minutes(1)), lifecycle.reached(pintle::Phase::draining));
    }
    co_return Status();
  });
}
// [/background]

}  // namespace guides
