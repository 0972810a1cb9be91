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
class CancelToken;

// What came beside the messages of a response.
struct ResponseMetadata {
  ResponseMetadata() = default;
  Metadata head, trailers;
  // The response of a unary call had been compressed on its way; a stream says so message by message, in
  // call().read_compressed().
  bool compressed = false;
};

// Fluent, and no aggregate, so that it is safe inside a co_await expression:
// `co_await stub.GetItem(request, CallOptions().timeout(200ms).metadata("x-tenant", "7"))`. A value type; one that says
// nothing but a time is as cheap as two numbers.
class CallOptions {
 public:
  CallOptions() = default;
  CallOptions(const CallOptions& other)
      : timeout_(other.timeout_),
        deadline_(other.deadline_),
        more_(other.more_ ? std::make_unique<More>(*other.more_) : nullptr) {}
  CallOptions(CallOptions&&) noexcept = default;
  CallOptions& operator=(CallOptions other) noexcept {
    timeout_ = other.timeout_;
    deadline_ = other.deadline_;
    more_ = std::move(other.more_);
    return *this;
  }

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
    self.more().wait_for_ready = wait;
    return std::forward<Self>(self);
  }
  // One more entry of request metadata.
  template <class Self>
  Self&& metadata(this Self&& self, std::string_view key, std::string_view value) {
    self.more().metadata.add(key, value);
    return std::forward<Self>(self);
  }
  // How the requests of this call are compressed; identity: not at all. The default is what the channel was told.
  template <class Self>
  Self&& compression(this Self&& self, wire::Encoding encoding) {
    self.more().compression = encoding;
    return std::forward<Self>(self);
  }
  // The incoming call on whose behalf this one is made, for coroutines that are not Pintle's: its deadline and
  // cancellation hold here too. Inside a handler that is so without asking.
  template <class Self>
  Self&& parent(this Self&& self, Call& call) {
    self.more().parent = &call;
    return std::forward<Self>(self);
  }
  // It goes on when the incoming call on whose behalf it is made ends: of that call it keeps identity and trace, and
  // has neither its deadline nor its cancellation.
  template <class Self>
  Self&& detached(this Self&& self) {
    self.more().detached = true;
    return std::forward<Self>(self);
  }
  // A value that the layers of the call find by its type (Call::find()); the last one of a type counts.
  template <class Self, class T>
  Self&& with(this Self&& self, T value) {
    self.more().values = std::make_shared<const CallValue>(
        detail::type_key<T>(), std::make_shared<const T>(std::move(value)), std::move(self.more().values));
    return std::forward<Self>(self);
  }
  // Where to put the response's metadata; `into` must outlive the call.
  template <class Self>
  Self&& response_metadata(this Self&& self, ResponseMetadata& into) {
    self.more().response = &into;
    return std::forward<Self>(self);
  }

  // Ends the call with the token's status when another thread, or this one, cancels the token: the way to end a
  // blocking call from outside. `token` must outlive the call.
  template <class Self>
  Self&& cancel_with(this Self&& self, const CancelToken& token) {
    self.more().token = &token;
    return std::forward<Self>(self);
  }
  template <class Self>
  Self&& cancel_with(this Self&& self, const CancelToken&& token) = delete;

  // -- What was said ------------------------------------------------------------------------------------------------
  // The deadline of a call that starts at `now`, before the parent's is looked at.
  Deadline deadline_at(TimePoint now) const {
    return timeout_ ? deadline_.earlier(Deadline::after(now, *timeout_)) : deadline_;
  }
  // All that is not said of most calls.
  struct More {
    More() = default;
    std::optional<bool> wait_for_ready;
    std::optional<wire::Encoding> compression;
    bool detached = false;
    Metadata metadata;
    Call* parent = nullptr;
    ResponseMetadata* response = nullptr;
    std::shared_ptr<const CallValue> values;
    const CancelToken* token = nullptr;
  };
  const More* rest() const { return more_.get(); }
  More* rest() { return more_.get(); }
  ResponseMetadata* response() const { return more_ != nullptr ? more_->response : nullptr; }
  const CancelToken* cancel_token() const { return more_ != nullptr ? more_->token : nullptr; }

 private:
  More& more() {
    if (more_ == nullptr) more_ = std::make_unique<More>();
    return *more_;
  }
  std::optional<Duration> timeout_;
  Deadline deadline_;
  std::unique_ptr<More> more_;
};

}  // namespace pintle
