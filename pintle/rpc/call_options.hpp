// What a caller may say about one call.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/rpc/slots.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

class Call;

// What came beside the messages of a response.
struct ResponseMetadata {
  ResponseMetadata() = default;
  Metadata head, trailers;
  // The response of a unary call had been compressed on its way; a stream says so message by message, in
  // call().read_compressed().
  bool compressed = false;
};

// Fluent, and no aggregate, so that it is safe inside a co_await expression:
// `co_await stub.GetItem(request, CallOptions().timeout(200ms).metadata("x-tenant", "7"))`. A value type.
class CallOptions {
 public:
  CallOptions() = default;

  // Relative to the moment when the call starts. The earliest of timeout, deadline and the parent's deadline counts.
  template <class Self>
  Self&& timeout(this Self&& self, Duration timeout) {
    self.timeout_ = timeout;
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& deadline(this Self&& self, TimePoint at) {
    self.deadline_ = Deadline(at);
    return std::forward<Self>(self);
  }
  // True: queue while the target can't be reached, until the deadline (grpc/doc/wait-for-ready.md). False: fail with
  // UNAVAILABLE in TRANSIENT_FAILURE. The default is what the channel was told.
  template <class Self>
  Self&& wait_for_ready(this Self&& self, bool wait = true) {
    self.wait_for_ready_ = wait;
    return std::forward<Self>(self);
  }
  // One more entry of request metadata.
  template <class Self>
  Self&& metadata(this Self&& self, std::string_view key, std::string_view value) {
    self.metadata_.add(key, value);
    return std::forward<Self>(self);
  }
  // How the requests of this call are compressed; identity: not at all. The default is what the channel was told.
  template <class Self>
  Self&& compression(this Self&& self, wire::Encoding encoding) {
    self.compression_ = encoding;
    return std::forward<Self>(self);
  }
  // The incoming call on whose behalf this one is made, for coroutines that are not Pintle's: its deadline and
  // cancellation hold here too. Inside a handler that is so without asking.
  template <class Self>
  Self&& parent(this Self&& self, Call& call) {
    self.parent_ = &call;
    return std::forward<Self>(self);
  }
  // A value that the layers of the call find by its type (Call::find()); the last one of a type counts.
  template <class Self, class T>
  Self&& with(this Self&& self, T value) {
    self.values_ = std::make_shared<const CallValue>(detail::type_key<T>(), std::make_shared<const T>(std::move(value)),
                                                     std::move(self.values_));
    return std::forward<Self>(self);
  }
  // It goes on when the incoming call on whose behalf it is made ends: of that call it keeps identity and trace, and
  // has neither its deadline nor its cancellation.
  template <class Self>
  Self&& detached(this Self&& self) {
    self.detached_ = true;
    return std::forward<Self>(self);
  }
  // Where to put the response's metadata; `into` must outlive the call.
  template <class Self>
  Self&& response_metadata(this Self&& self, ResponseMetadata& into) {
    self.response_ = &into;
    return std::forward<Self>(self);
  }

  // The deadline of a call that starts at `now`, before the parent's is looked at.
  Deadline deadline_at(TimePoint now) const {
    return timeout_ ? deadline_.earlier(Deadline::after(now, *timeout_)) : deadline_;
  }
  std::optional<bool> waits_for_ready() const { return wait_for_ready_; }
  std::optional<wire::Encoding> chosen_compression() const { return compression_; }
  const Metadata& request_metadata() const { return metadata_; }
  Metadata take_request_metadata() { return std::move(metadata_); }
  const CallValue* values() const { return values_.get(); }
  bool is_detached() const { return detached_; }
  Call* parent_call() const { return parent_; }
  ResponseMetadata* response() const { return response_; }

 private:
  std::optional<Duration> timeout_;
  Deadline deadline_;
  std::optional<bool> wait_for_ready_;
  std::optional<wire::Encoding> compression_;
  Metadata metadata_;
  Call* parent_ = nullptr;
  ResponseMetadata* response_ = nullptr;
  std::shared_ptr<const CallValue> values_;
  bool detached_ = false;
};

}  // namespace pintle
