// What a caller may say about one call.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <pintle/base/clock.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle {

class Call;
class CancelToken;

// What came beside the messages of a response.
struct ResponseMetadata {
  ResponseMetadata() = default;
  Metadata head, trailers;
  // The response of a unary call had been compressed on its way; a stream says so message by message, in
  // call().facts.read_compressed.
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
  // Queue while the target can't be reached, until the deadline (grpc/doc/wait-for-ready.md). The default is to fail
  // with UNAVAILABLE in TRANSIENT_FAILURE.
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
  // Where to put the response's metadata; `into` must outlive the call.
  template <class Self>
  Self&& response_metadata(this Self&& self, ResponseMetadata& into) {
    self.response_ = &into;
    return std::forward<Self>(self);
  }

  // Ends the call with the token's status when another thread, or this one, cancels the token: the way to end a
  // blocking call from outside. `token` must outlive the call.
  template <class Self>
  Self&& cancel_with(this Self&& self, const CancelToken& token) {
    self.token_ = &token;
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& cancel_with(this Self&& self, const CancelToken&& token) = delete;

  // The deadline of a call that starts at `now`, before the parent's is looked at.
  Deadline deadline_at(TimePoint now) const {
    return timeout_ ? deadline_.earlier(Deadline::after(now, *timeout_)) : deadline_;
  }
  bool waits_for_ready() const { return wait_for_ready_; }
  std::optional<wire::Encoding> chosen_compression() const { return compression_; }
  const Metadata& request_metadata() const { return metadata_; }
  Call* parent_call() const { return parent_; }
  ResponseMetadata* response() const { return response_; }
  const CancelToken* cancel_token() const { return token_; }

 private:
  std::optional<Duration> timeout_;
  Deadline deadline_;
  bool wait_for_ready_ = false;
  std::optional<wire::Encoding> compression_;
  Metadata metadata_;
  Call* parent_ = nullptr;
  ResponseMetadata* response_ = nullptr;
  const CancelToken* token_ = nullptr;
};

}  // namespace pintle
