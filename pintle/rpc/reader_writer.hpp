// The typed ends of a stream, as handlers and callers hold them.
#pragma once

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/large.hpp>
#include <pintle/rpc/type_of.hpp>
#include <pintle/rpc/write_options.hpp>

namespace pintle {

namespace detail {

Status malformed_message(std::string_view type);

template <class T>
class [[nodiscard("co_await it")]] TypedReading : public Reading {
 public:
  explicit TypedReading(LayerCall& call) : Reading(call, *call.source, call.scope) {}
  Result<const T*> await_resume() {
    Result<Message*> message = Reading::await_resume();
    if (!message) return std::unexpected(std::move(message).error());
    if (*message == nullptr) return nullptr;
    for_layers(call()).facts.read_compressed = (*message)->was_compressed();
    const T* object = (*message)->template as<T>();
    if (object == nullptr) return std::unexpected(malformed_message(type_of<T>.name()));
    return object;
  }
};

class [[nodiscard("co_await it")]] TypedWriting : public Writing {
 public:
  TypedWriting(Call& call, Sink& sink, const void* object, const TypeInfo& type, CancelScope& scope,
               WriteOptions options)
      : Writing(call, sink, message_, scope), message_(object, type) {
    if (!options.compresses()) message_.without_compression();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    if (is_large(message_)) [[unlikely]] {
      large_ = begin_write_large(call(), sink_, message_, scope_);
      if (!large_) return false;
      large_->await_suspend(h).resume();
      return true;
    }
    return Writing::await_suspend(h);
  }
  Status await_resume() { return large_ ? large_->await_resume() : Writing::await_resume(); }

 private:
  Message message_;
  std::optional<Task<Status>> large_;
};

template <class T>
Task<Status> write_large_owned(Call& call, Sink& sink, T object, CancelScope& scope, WriteOptions options) {
  Poll pushed;
  {
    const T gone = std::move(object);
    Message message(&gone, type_of<T>);
    if (!options.compresses()) message.without_compression();
    message.measure();
    pushed = co_await pack_and_push(call, sink, message);
  }
  co_return co_await Room(sink, scope, pushed);
}

// The same for a message that nobody needs afterwards: it is gone before the wait for room.
template <class T>
class [[nodiscard("co_await it")]] OwnedWriting : public Room {
 public:
  OwnedWriting(Call& call, Sink& sink, T&& object, CancelScope& scope, WriteOptions options)
      : Room(sink, scope, Poll::ready), call_(call), object_(std::move(object)), options_(options) {}
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    {
      T object = std::move(object_);
      Message message(&object, type_of<T>);
      if (!options_.compresses()) message.without_compression();
      if (!is_large(message)) [[likely]]
        last_ = push(call_, sink_, message);
      else if (!begin_large(std::move(object)))
        return false;
    }
    if (large_) [[unlikely]] {
      large_->await_suspend(h).resume();
      return true;
    }
    return Room::await_suspend(h);
  }
  Status await_resume() { return large_ ? large_->await_resume() : Room::await_resume(); }

 private:
  // False: the call has failed.
  bool begin_large(T&& object) noexcept {
    try {
      large_ = write_large_owned<T>(call_, sink_, std::move(object), scope_, options_);
      return true;
    } catch (...) {
      for_layers(call_).fail_with_current_exception();
      return false;
    }
  }

  Call& call_;
  T object_;
  WriteOptions options_;
  std::optional<Task<Status>> large_;
};

}  // namespace detail

// Reads a stream of T. Loop's thread only, one read at a time.
template <class T>
class Reader {
 public:
  explicit Reader(Call& call) : call_(for_layers(call)) {}
  // The next message, good until the next read; null at the end; the status of the call when it was cancelled, reset or
  // ran out of time; INTERNAL when the bytes are not a T. `auto m = co_await reader.read();`
  // call.read_compressed() then says whether it came compressed.
  detail::TypedReading<T> read() { return detail::TypedReading<T>(call_); }

 private:
  LayerCall& call_;
};

// Writes a stream of T. Loop's thread only, one write at a time.
template <class T>
class Writer {
 public:
  explicit Writer(Call& call) : call_(for_layers(call)) {}
  // Encodes `message` at once (above 256 KiB on another thread meanwhile: it must stay as it is), then waits while the
  // peer reads too slowly. Not OK: the call is over. `Status s = co_await writer.write(item);`
  detail::TypedWriting write(const T& message, WriteOptions options = {}) {
    return {call_, *call_.sink, &message, type_of<T>, call_.scope, options};
  }
  // The same for a message that isn't needed afterwards: a large one takes no memory while the peer reads. It is left
  // empty. `co_await writer.write(std::move(page));`
  detail::OwnedWriting<T> write(T&& message, WriteOptions options = {}) {
    return {call_, *call_.sink, std::move(message), call_.scope, options};
  }

 private:
  LayerCall& call_;
};

}  // namespace pintle
