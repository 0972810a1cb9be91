// What crosses loops is made of this: coroutines of several loops wait for what any thread may bring.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <pintle/async/event.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/async/task.hpp>

namespace pintle::detail {

class Crossing;

// The coroutines of one loop that wait: a line that only the loop's thread touches.
struct Line {
  explicit Line(Loop& l) : loop(l) {}
  Loop& loop;
  WaitQueue queue;
  bool listed = false;  // in its Lines; guarded by the crossing's mutex, as is
  bool told = false;    // the loop was asked to look and has not yet
};

// All who wait for the same thing, a line for each loop. Another thread never touches a line: it asks the loop to look,
// by a post, at most once until the loop has looked. All members need the crossing's mutex to be held.
class Lines {
 public:
  using Told = std::vector<std::shared_ptr<Line>>;
  std::shared_ptr<Line> of(Loop& loop);
  void remove(Line& line) noexcept;
  // Whom Crossing::ask() is to ask once the mutex is free: every line, or one that has not been told.
  Told all();
  Told one();

 private:
  std::vector<std::shared_ptr<Line>> lines_;
  std::size_t next_ = 0;
};

// The state that threads share. Held by shared_ptr, because a post may come after its owner has gone.
class Crossing : public std::enable_shared_from_this<Crossing> {
 public:
  Crossing() = default;
  Crossing(const Crossing&) = delete;
  virtual ~Crossing() = default;

  // A coroutine's place in a line; leaves it when it is destroyed.
  class Place : public CoWaiter, WaitQueue::Entry {
   public:
    ~Place() { leave(); }

   protected:
    // REQUIRES: what it waits for had not come when `line` was given out, under the mutex.
    template <class Promise>
    void stand(std::coroutine_handle<Promise> h, Crossing& crossing, Lines& lines, std::shared_ptr<Line> line) {
      crossing_ = &crossing;
      lines_ = &lines;
      line_ = std::move(line);
      suspend(h, h.promise().env.scope);
      line_->queue.push(*this);
    }
    void leave() noexcept;

   private:
    friend class Crossing;
    Crossing* crossing_ = nullptr;
    Lines* lines_ = nullptr;
    std::shared_ptr<Line> line_;
  };

 protected:
  friend class Lines;
  // On the line's loop, the mutex not held: wakes those whose thing has come.
  virtual void look(Lines& lines, Line& line) = 0;
  // The line's loop has gone before it could look.
  virtual void lost(Lines&) {}
  // Any thread, the mutex not held.
  void ask(Lines& lines, const Lines::Told& told);
  // The first in the line; null when there is none.
  static Place* peek(Line& line) noexcept;
  // The same, taken out of it.
  static Place* take_first(Line& line) noexcept;
  // Takes those out of the line and wakes them for whom `come(Place&)` is true. A look may have been asked for before
  // the last of them began to wait.
  template <class Come>
  static void wake_those(Line& line, Come come) noexcept {
    for (std::size_t left = line.queue.size(); left > 0; --left) {
      Place* place = take_first(line);
      if (come(*place))
        place->wake();
      else
        line.queue.push(*place);
    }
  }

  std::mutex mutex_;  // held for a few instructions at a time

 private:
  struct Look;
};

}  // namespace pintle::detail
