// What passes between a caller and a handler without a wire.
#include <pintle/testing/kit/direct_channel.hpp>

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/task_function.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::testing {
namespace {

using ::testing::ElementsAre;

// One method of bytes, which does what the test says.
class OneMethod final : public Service {
 public:
  using Function = TaskFunction<Status, LayerCall&>;
  explicit OneMethod(Function f) : function_(std::move(f)) {
    method_.path = "/test.v1.Test/Call";
    method_.service = "test.v1.Test";
    method_.name = "Call";
    method_.kind = Kind::bidi;
    info_.name = "test.v1.Test";
    info_.methods = {&method_, 1};
  }
  const ServiceInfo& info() const override { return info_; }
  std::unique_ptr<Handler> handler(std::size_t) override {
    struct Calling final : Handler {
      explicit Calling(Function& f) : function(f) {}
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override { return function(call); }
      Function& function;
    };
    return std::make_unique<Calling>(function_);
  }
  const MethodInfo& method() const { return method_; }

 private:
  Function function_;
  MethodInfo method_;
  ServiceInfo info_;
};

struct Nothing final : Source {
  Poll poll(Message*&) override { return Poll::end; }
  void arm(Waiter*) noexcept override {}
};
struct Taking final : Sink {
  void head(const Metadata& metadata) override { heads.emplace_back(metadata.get("x-head").value_or("")); }
  Poll push(const Message& message) override {
    std::string text(message.size(), '\0');
    message.encode(reinterpret_cast<std::byte*>(text.data()));
    messages.push_back(text);
    return Poll::ready;
  }
  Poll room() noexcept override { return Poll::ready; }
  void arm(Waiter*) noexcept override {}
  std::vector<std::string> heads, messages;
};

class Direct : public ::testing::Test {
 protected:
  Status call(OneMethod& service, Duration timeout = Duration::max()) {
    DirectChannel channel(service, loop_.loop());
    call_ = std::make_unique<LayerCall>(loop_.loop(), service.method(), source_, sink_, nullptr);
    call_->request_metadata.add("x-key", "v");
    call_->set_deadline(Deadline::after(loop_.now(), timeout));
    const Status status = loop_.run(channel.method(service.method())(*call_));
    call_->finish();
    return status;
  }
  TestLoop loop_;
  Nothing source_;
  Taking sink_;
  std::unique_ptr<LayerCall> call_;
};

TEST_F(Direct, MetadataHeadMessagesTrailersAndStatusPass) {
  OneMethod service([](LayerCall& call) -> Task<Status> {
    call.response_head.add("x-head", *call.request_metadata.get("x-key"));
    const std::string text = "hello";
    const Message message(std::as_bytes(std::span(text)), nullptr, nullptr);
    if (Status gone = co_await call.write(message); !gone.ok()) co_return gone;
    call.response_trailers.add("x-end", "t");
    co_return aborted("as asked");
  });
  EXPECT_EQ(call(service), aborted("as asked"));
  EXPECT_THAT(sink_.heads, ElementsAre("v"));
  EXPECT_THAT(sink_.messages, ElementsAre("hello"));
  EXPECT_EQ(call_->response_head.get("x-head"), "v");
  EXPECT_EQ(call_->response_trailers.get("x-end"), "t");
}

TEST_F(Direct, TheCallersDeadlineIsTheHandlers) {
  OneMethod service([](LayerCall&) -> Task<Status> { co_return co_await sleep_for(std::chrono::hours(1)); });
  EXPECT_EQ(call(service, std::chrono::seconds(2)).code(), Code::deadline_exceeded);
}

TEST_F(Direct, WhatTheHandlerThrowsIsAStatus) {
  OneMethod service([](LayerCall&) -> Task<Status> {
    throw std::runtime_error("boom");
    co_return Status();
  });
  EXPECT_EQ(call(service), Status(Code::unknown, "boom"));
}

TEST_F(Direct, AMethodOfAnotherServiceIsNotThere) {
  OneMethod service([](LayerCall&) -> Task<Status> { co_return Status(); });
  DirectChannel channel(service, loop_.loop());
  MethodInfo other;
  other.path = "/other/Method";
  EXPECT_THROW(channel.method(other), std::out_of_range);
}

}  // namespace
}  // namespace pintle::testing
