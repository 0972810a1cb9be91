#include <pintle/testing/kit/layer_driver.hpp>

#include <stdexcept>
#include <utility>

#include <pintle/rpc/message.hpp>

namespace pintle::testing {

namespace {

std::string text_of(const Message& message) {
  std::string bytes(message.size(), '\0');
  message.encode(reinterpret_cast<std::byte*>(bytes.data()));
  return bytes;
}
std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

// -- Script -----------------------------------------------------------------------------------------------------------
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines): the steps live as long as the driver

std::string Script::encoded(const TypeInfo& type, const void* object) { return text_of(Message(object, type)); }

Script& Script::reads(std::size_t messages) {
  return then([messages](LayerCall& call, Heard& heard) -> Task<Status> {
    for (std::size_t i = 0; i < messages; ++i) {
      Result<Message*> message = co_await call.read();
      if (!message) co_return std::move(message).error();
      if (*message == nullptr) {
        heard.requests_ended = true;
        break;
      }
      heard.messages.push_back(text_of(**message));
    }
    co_return Status();
  });
}

Script& Script::reads_all() {
  return then([](LayerCall& call, Heard& heard) -> Task<Status> {
    for (;;) {
      Result<Message*> message = co_await call.read();
      if (!message) co_return std::move(message).error();
      if (*message == nullptr) break;
      heard.messages.push_back(text_of(**message));
    }
    heard.requests_ended = true;
    co_return Status();
  });
}

Script& Script::writes(std::string_view bytes) {
  return then([text = std::string(bytes)](LayerCall& call, Heard&) -> Task<Status> {
    void* object = nullptr;
    const TypeInfo* type = call.method().response;
    const Message message(bytes_of(text), type, type != nullptr ? &object : nullptr);
    Status status = co_await call.write(message);
    if (object != nullptr) type->drop(object);
    co_return status;
  });
}

Script& Script::adds_head(std::string_view key, std::string_view value) {
  return does(
      [key = std::string(key), value = std::string(value)](LayerCall& call) { call.response_head.add(key, value); });
}

Script& Script::adds_trailer(std::string_view key, std::string_view value) {
  return does([key = std::string(key), value = std::string(value)](LayerCall& call) {
    call.response_trailers.add(key, value);
  });
}

Script& Script::sends_head() {
  return does([](LayerCall& call) { call.send_head(); });
}

Script& Script::waits(Duration how_long) {
  return then([how_long](LayerCall&, Heard&) -> Task<Status> { co_return co_await sleep_for(how_long); });
}

Script& Script::waits_for_cancellation() {
  return then([](LayerCall& call, Heard&) -> Task<Status> { co_return co_await WhenCancelled(nullptr, call.scope); });
}

Script& Script::does(std::function<void(LayerCall&)> what) {
  return then([what = std::move(what)](LayerCall& call, Heard&) -> Task<Status> {
    what(call);
    co_return Status();
  });
}

Script& Script::throws(std::string what) { return throws(std::make_exception_ptr(std::runtime_error(what))); }

Script& Script::throws(std::exception_ptr what) {
  return does([what = std::move(what)](LayerCall&) { std::rethrow_exception(what); });
}

Script& Script::returns(Status status) {
  return then([status = std::move(status)](LayerCall&, Heard&) -> Task<Status> { co_return status; });
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

// -- The two ends of a call ---------------------------------------------------------------------------------------

class DrivenCall::Requests final : public Source {
 public:
  explicit Requests(const MethodInfo& method) : slot_(method.request), single_(!client_streams(method.kind)) {}
  Poll poll(Message*& message) override {
    if (given_ == texts_.size()) return ended_ ? Poll::end : Poll::pending;
    current_ = Message(bytes_of(texts_[given_++]), slot_.type(), slot_.type() != nullptr ? slot_.at() : nullptr);
    current_.set_last(ended_ && given_ == texts_.size());
    message = &current_;
    return Poll::ready;
  }
  void arm(Waiter* waiter) noexcept override { reader_ = waiter; }
  void add(std::string_view bytes) {
    if (ended_) throw std::logic_error("the requests have ended");
    texts_.emplace_back(bytes);
    ended_ = single_;
    wake();
  }
  void end() {
    ended_ = true;
    wake();
  }

 private:
  void wake() {
    if (reader_ != nullptr) std::exchange(reader_, nullptr)->wake();
  }
  std::deque<std::string> texts_;
  std::size_t given_ = 0;
  MessageSlot slot_;
  const bool single_;
  bool ended_ = false;
  Message current_;
  Waiter* reader_ = nullptr;
};

class DrivenCall::Responses final : public Sink {
 public:
  explicit Responses(DrivenCall& of) : of_(of) {}
  void head(const Metadata& metadata) override {
    if (of_.head_) return;
    of_.head_ = metadata;
    of_.call_.facts.committed = true;
  }
  Poll push(const Message& message) override {
    if (of_.call_.ended()) return Poll::end;
    head(of_.call_.response_head);
    of_.taken_.push_back(text_of(message));
    return room();
  }
  Poll room() noexcept override {
    if (of_.call_.ended()) return Poll::end;
    return reads_ ? Poll::ready : Poll::pending;
  }
  void arm(Waiter* waiter) noexcept override { writer_ = waiter; }
  void changed(bool reads) {
    reads_ = reads;
    if (writer_ != nullptr && room() != Poll::pending) std::exchange(writer_, nullptr)->wake();
  }

 private:
  DrivenCall& of_;
  bool reads_ = true;
  Waiter* writer_ = nullptr;
};

// A server ends the response the moment the call is cancelled; what its layers return then is heard by nobody.
struct DrivenCall::Ended : CancelNode {
  explicit Ended(LayerCall& c)
      : CancelNode([](CancelNode* node) noexcept {
          LayerCall& call = static_cast<Ended*>(node)->call;
          if (!call.ended()) call.set_ended(call.scope.status());
        }),
        call(c) {}
  LayerCall& call;
};

DrivenCall::DrivenCall(TestLoop& loop, Side side, const MethodInfo& method, const Chain& chain)
    : loop_(loop),
      chain_(chain),
      requests_(std::make_unique<Requests>(method)),
      responses_(std::make_unique<Responses>(*this)),
      call_(loop.loop(), method, *requests_, *responses_, nullptr) {
  call_.slots.use(chain.slots());
  call_.facts.peer = "ipv4:192.0.2.1:1234";
  if (side == Side::server) ended_ = std::make_unique<Ended>(call_);
}

DrivenCall::~DrivenCall() {  // NOLINT(bugprone-exception-escape): a loop that has no end has failed its test
  if (running_ && !done()) {
    cancel(CancelCause::shutdown);
    responses_->changed(true);
    loop_.run_until_idle();
  }
  call_.finish();
}

DrivenCall& DrivenCall::metadata(std::string_view key, std::string_view value) {
  call_.request_metadata.add(key, value);
  return *this;
}

DrivenCall& DrivenCall::timeout(Duration timeout) {
  call_.set_deadline(Deadline::after(loop_.now(), timeout));
  return *this;
}

DrivenCall& DrivenCall::sends(std::string_view bytes) {
  requests_->add(bytes);
  if (running_) loop_.run_until_idle();
  return *this;
}

DrivenCall& DrivenCall::ends() {
  requests_->end();
  if (running_) loop_.run_until_idle();
  return *this;
}

DrivenCall& DrivenCall::refused(Status status) {
  call_.refusal = std::move(status);
  return *this;
}

DrivenCall& DrivenCall::reads_responses(bool reads) {
  responses_->changed(reads);
  if (running_) loop_.run_until_idle();
  return *this;
}

DrivenCall& DrivenCall::start() {
  if (running_) throw std::logic_error("the call has started");
  if (ended_ != nullptr) call_.scope.add(*ended_);
  running_ = loop_.start(run());
  return *this;
}

DrivenCall& DrivenCall::cancel(CancelCause cause) {
  const auto code = [&] {
    switch (cause) {
      case CancelCause::deadline:
        return Code::deadline_exceeded;
      case CancelCause::shutdown:
        return Code::unavailable;
      case CancelCause::connection_lost:  // of a server's call: the client is gone
        return ended_ != nullptr ? Code::cancelled : Code::unavailable;
      case CancelCause::fault:
        return Code::internal;
      case CancelCause::exception:
        return Code::unknown;
      default:
        return Code::cancelled;
    }
  }();
  call_.scope.cancel(Status(code, cause_name(cause)), cause);
  if (running_) loop_.run_until_idle();
  return *this;
}

const Status& DrivenCall::returned() const {
  if (!returned_) throw std::logic_error("the call is not done");
  return *returned_;
}

Task<void> DrivenCall::run() {
  Status status;
  try {
    status = co_await chain_.top()(call_).in({&loop_.loop(), &call_.scope, &call_});
  } catch (...) {
    status = call_.status_of(std::current_exception());
  }
  if (ended_ != nullptr) ended_->unlink();
  call_.finish();
  returned_ = std::move(status);
}

// -- LayerDriver --------------------------------------------------------------------------------------------------

class LayerDriver::Next final : public Handler {
 public:
  explicit Next(LayerDriver& of) : of_(of) {}
  Task<Status> operator()(LayerCall& call) override {
    Heard& heard = of_.heard_.emplace_back();
    heard.metadata = call.request_metadata;
    Status status;
    if (!of_.scripts_.empty())
      for (const auto& step : of_.scripts_[std::min(of_.heard_.size(), of_.scripts_.size()) - 1].steps_)
        if (status = co_await (*step)(call, heard); !status.ok()) break;
    heard.returned = status;
    co_return status;
  }

 private:
  LayerDriver& of_;
};

LayerDriver::LayerDriver(Side side, std::vector<std::shared_ptr<const Layer>> layers)
    : side_(side), layers_(std::move(layers)), next_(std::make_unique<Next>(*this)) {
  auto ordered = order_layers(side, layers_);
  if (!ordered) throw std::invalid_argument(ordered.error().to_string());
  ordered_ = std::move(*ordered);
  method_.path = "/test.v1.Test/Call";
  method_.service = "test.v1.Test";
  method_.name = "Call";
  method_.kind = Kind::bidi;
}

LayerDriver::~LayerDriver() = default;

LayerDriver& LayerDriver::method(const MethodInfo& method) {
  method_ = method;
  return *this;
}

LayerDriver& LayerDriver::kind(Kind kind) {
  method_.kind = kind;
  return *this;
}

LayerDriver& LayerDriver::options(std::string serialised) {
  options_ = std::move(serialised);
  return *this;
}

LayerDriver& LayerDriver::next(Script script) {
  if (chain_) throw std::logic_error("the scripts are said before the first call");
  scripts_.push_back(std::move(script));
  return *this;
}

const Chain& LayerDriver::chain() {
  if (chain_) return *chain_;
  auto slots = std::make_unique<SlotLayout>();
  Site site(side_, method_, *slots);
  site.log = log.logger();
  site.meters = meter.meters();
  site.clock = &loop_.clock();
  site.random = [this] { return chance; };
  const MethodOverlay overlay("*", options_);
  site.options = resolved_options(method_, {&overlay, 1});
  return chain_.emplace(Chain::build(site, std::move(slots), *next_, ordered_));
}

DrivenCall& LayerDriver::call() {
  const Chain& through = chain();
  calls_.push_back(std::unique_ptr<DrivenCall>(new DrivenCall(loop_, side_, method_, through)));
  return *calls_.back();
}

}  // namespace pintle::testing
