// One says it, every reader hears it: a feed or a chat room whose readers are on any loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <pintle/async/crossing.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// What happens to a reader that has more to read than the broadcast keeps.
enum class SlowReader : std::uint8_t {
  drop_oldest,  // it goes on with the oldest that is kept; missed() says how many it did not see
  end,          // its next read gives RESOURCE_EXHAUSTED, as does each after that
};

// Keeps the last `capacity` items, once for all readers, who each have a place of their own in them: so a reader costs
// nothing more, and none holds up the others or the publisher. Any thread for what isn't awaited; no member holds a
// lock for longer than a few instructions.
template <class T>
class Broadcast {
  class State;

 public:
  // REQUIRES: capacity > 0.
  explicit Broadcast(std::size_t capacity) : state_(std::make_shared<State>(capacity)) {}
  Broadcast(const Broadcast&) = delete;

  // Nothing once it is closed.
  void publish(T value) { state_->publish(std::make_shared<const T>(std::move(value))); }
  // Readers end with `status` when they have read what there is. The first status stays.
  void close(Status status = {}) { state_->close(std::move(status)); }

  class Read;
  // Reads what was published since it was made, and may outlive the broadcast. One coroutine at a time, on any loop;
  // must outlive its reads.
  class Reader {
   public:
    // Waits for the next item: null when the broadcast was closed with OK, else the status it was closed with, the one
    // of SlowReader::end, or that of the scope when it is cancelled, which takes nothing.
    // `Result<std::shared_ptr<const T>> item = co_await reader.read();`
    Read read() { return Read(*this); }
    // How many items were dropped between the one that was read last and the one before it.
    std::uint64_t missed() const noexcept { return missed_; }

   private:
    friend class Broadcast;
    Reader(std::shared_ptr<State> state, std::uint64_t next, SlowReader slow)
        : state_(std::move(state)), next_(next), slow_(slow) {}
    std::shared_ptr<State> state_;
    std::uint64_t next_;  // the number of the item that comes next
    std::uint64_t missed_ = 0;
    SlowReader slow_;
  };
  Reader subscribe(SlowReader slow = SlowReader::drop_oldest) { return Reader(state_, state_->published(), slow); }

  class [[nodiscard("co_await it: nothing is read before")]] Read : public detail::Crossing::Place {
   public:
    explicit Read(Reader& reader) : reader_(reader) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
      const Env& env = h.promise().env;
      scope_ = env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      State& state = *reader_.state_;
      if (auto line = state.line_unless_ready(*env.loop, reader_.next_)) {
        this->stand(h, state, state.lines_, std::move(line));
        return true;
      }
      if (env.loop->spend_ready()) return false;
      this->suspend(h, nullptr);
      this->post();
      return true;
    }
    Result<std::shared_ptr<const T>> await_resume() {
      this->done();
      this->leave();
      if (scope_ != nullptr && scope_->cancelled()) return std::unexpected(scope_->status());
      return reader_.state_->take(reader_);
    }

   private:
    friend class State;
    Reader& reader_;
    CancelScope* scope_ = nullptr;
  };

 private:
  class State final : public detail::Crossing {
   public:
    explicit State(std::size_t capacity) : kept_(capacity) {}
    std::uint64_t published() {
      std::lock_guard lock(mutex_);
      return published_;
    }
    void publish(std::shared_ptr<const T> item) {
      detail::Lines::Told told;
      {
        std::lock_guard lock(mutex_);
        if (closed_) return;
        std::swap(kept_[published_ % kept_.size()], item);  // the old one is destroyed when the lock is free
        ++published_;
        told = lines_.all();
      }
      ask(lines_, told);
    }
    void close(Status status) {
      detail::Lines::Told told;
      {
        std::lock_guard lock(mutex_);
        if (std::exchange(closed_, true)) return;
        end_ = std::move(status);
        told = lines_.all();
      }
      ask(lines_, told);
    }

   private:
    friend class Read;
    std::shared_ptr<detail::Line> line_unless_ready(Loop& loop, std::uint64_t next) {
      std::lock_guard lock(mutex_);
      return next == published_ && !closed_ ? lines_.of(loop) : nullptr;
    }
    // REQUIRES: there is an item, or it is closed.
    Result<std::shared_ptr<const T>> take(Reader& reader) {
      std::lock_guard lock(mutex_);
      const std::uint64_t oldest = published_ - std::min<std::uint64_t>(published_, kept_.size());
      if (reader.next_ < oldest && reader.slow_ == SlowReader::end)
        return std::unexpected(
            Status(Code::resource_exhausted, "the reader was too slow for what was published", Origin::library));
      if (reader.next_ == published_) {
        if (!end_.ok()) return std::unexpected(end_);
        return nullptr;
      }
      reader.missed_ = oldest - std::min(oldest, reader.next_);
      reader.next_ += reader.missed_;
      return kept_[reader.next_++ % kept_.size()];
    }
    void look(detail::Lines&, detail::Line& line) override {
      bool closed;
      std::uint64_t published;
      {
        std::lock_guard lock(mutex_);
        closed = closed_;
        published = published_;
      }
      wake_those(line, [&](Place& p) { return closed || static_cast<Read&>(p).reader_.next_ != published; });
    }

    std::vector<std::shared_ptr<const T>> kept_;  // a ring, by number; guarded by mutex_, as are all below
    std::uint64_t published_ = 0;
    bool closed_ = false;
    Status end_;
    detail::Lines lines_;
  };
  std::shared_ptr<State> state_;
};

}  // namespace pintle
