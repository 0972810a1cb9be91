// The typed ends of a stream, as handlers and callers hold them.
#pragma once

#include <pintle/rpc/call.hpp>
#include <pintle/rpc/type_of.hpp>
#include <pintle/rpc/write_options.hpp>

namespace pintle {

namespace detail {

Status malformed_message(std::string_view type);

template <class T>
class [[nodiscard("co_await it: nothing is read before")]] TypedReading : public Reading {
 public:
  TypedReading(Source& source, CancelScope& scope, Facts& facts) : Reading(source, scope), facts_(facts) {}
  Result<const T*> await_resume() {
    Result<Message*> message = Reading::await_resume();
    if (!message) return std::unexpected(std::move(message).error());
    if (*message == nullptr) return nullptr;
    facts_.read_compressed = (*message)->was_compressed();
    const T* object = (*message)->template as<T>();
    if (object == nullptr) return std::unexpected(malformed_message(type_of<T>.name()));
    return object;
  }

 private:
  Facts& facts_;
};

class [[nodiscard("co_await it: nothing is written before")]] TypedWriting : public Writing {
 public:
  TypedWriting(Sink& sink, const void* object, const TypeInfo& type, CancelScope& scope, WriteOptions options)
      : Writing(sink, message_, scope), message_(object, type) {
    if (!options.compresses()) message_.without_compression();
  }

 private:
  Message message_;
};

}  // namespace detail

// Reads a stream of T. Loop's thread only, one read at a time.
template <class T>
class Reader {
 public:
  explicit Reader(Call& call) : source_(*call.requests), scope_(call.scope), facts_(call.facts) {}
  // The next message, good until the next read; null at the end; the status of the call when it was cancelled, reset or
  // ran out of time; INTERNAL when the bytes are not a T. `auto m = co_await reader.read();`
  // call.facts.read_compressed then says whether it came compressed.
  detail::TypedReading<T> read() { return {source_, scope_, facts_}; }

 private:
  Source& source_;
  CancelScope& scope_;
  Facts& facts_;
};

// Writes a stream of T. Loop's thread only, one write at a time.
template <class T>
class Writer {
 public:
  Writer(Sink& sink, CancelScope& scope) : sink_(sink), scope_(scope) {}
  // Encodes `message` at once, then waits while the peer reads too slowly. Not OK: the call is over.
  // `Status s = co_await writer.write(item);`
  detail::TypedWriting write(const T& message, WriteOptions options = {}) {
    return {sink_, &message, type_of<T>, scope_, options};
  }

 private:
  Sink& sink_;
  CancelScope& scope_;
};

}  // namespace pintle
