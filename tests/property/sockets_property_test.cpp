// Properties 1, 2, 16, 17 and 18 once more, over real sockets and threads.
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/server/server.hpp>

namespace pintle::property {
namespace {

// Stateless, so that all loops may call it at once.
class SharedService final : public v1::Stream::Service {
 public:
  Task<Status> Both(Call&, Reader<Number>& in, Writer<Number>& out) override {
    for (;;) {
      auto number = co_await in.read();
      if (!number) co_return number.error();
      if (*number == nullptr) co_return Status();
      Status sent = co_await out.write(**number);
      if (!sent.ok()) co_return sent;
    }
  }
  Task<Result<Number>> Once(Call&, const Plan& plan) override {
    Status slept = co_await sleep_for(std::chrono::microseconds(plan.delay_us()));
    if (!slept.ok()) co_return std::unexpected(slept);
    co_return Number();
  }
  Task<Status> Down(Call&, const Plan& plan, Writer<Number>& out) override {
    Number number;
    number.set_padding(std::string(static_cast<std::size_t>(plan.padding()), 'x'));
    for (int i = 0; i < plan.count(); ++i) {
      number.set_value(i);
      Status sent = co_await out.write(number);
      if (!sent.ok()) co_return sent;
    }
    co_return Status();
  }
};

Task<Status> both(v1::Stream::Stub& stub, int count, int padding) {
  auto stream = co_await stub.Both();
  Number number;
  number.set_padding(std::string(static_cast<std::size_t>(padding), 'y'));
  for (int i = 0; i < count; ++i) {
    number.set_value(i);
    Status sent = co_await stream.write(number);
    if (!sent.ok()) co_return sent;
    auto back = co_await stream.read();
    if (!back) co_return back.error();
    if (*back == nullptr || (*back)->value() != i) co_return Status(Code::data_loss, "out of order");
  }
  co_return co_await stream.finish();
}

Task<Status> down(v1::Stream::Stub& stub, int count, int padding) {
  Plan plan;
  plan.set_count(count);
  plan.set_padding(padding);
  auto stream = co_await stub.Down(plan);
  for (int next = 0;; ++next) {
    auto number = co_await stream.read();
    if (!number) co_return number.error();
    if (*number == nullptr) co_return next == count ? Status() : Status(Code::data_loss, "too few");
    if ((*number)->value() != next) co_return Status(Code::data_loss, "out of order");
  }
}

// One turn of a loop.
Task<Status> stub_turn() {
  co_await yield();
  co_return Status();
}

// Many calls side by side on one loop; the first that failed counts.
Task<Status> many(v1::Stream::Stub& stub, std::vector<std::pair<int, int>> shapes) {
  const Env env = co_await current_env();
  std::vector<Status> ends(shapes.size() * 2);
  Nursery nursery;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    nursery.spawn(env, both(stub, shapes[i].first, shapes[i].second), &ends[2 * i]);
    nursery.spawn(env, down(stub, shapes[i].first, shapes[i].second), &ends[2 * i + 1]);
  }
  co_await nursery.join();
  for (Status& end : ends)
    if (!end.ok()) co_return end;
  co_return Status();
}

// Notes where a call has been, on the way in and out, on whichever side and thread.
class Noting final : public Layer {
 public:
  struct Notes {
    std::mutex mutex;
    std::vector<std::string> lines;
    void add(std::string line) {
      std::lock_guard lock(mutex);
      lines.push_back(std::move(line));
    }
    std::vector<std::string> take() {
      std::lock_guard lock(mutex);
      return std::exchange(lines, {});
    }
  };
  Noting(std::string name, Notes& notes) : name_(std::move(name)), notes_(notes) {}
  std::string_view name() const override { return name_; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    class Wrapped final : public Handler {
     public:
      Wrapped(const Noting& layer, Handler& next) : layer_(layer), next_(next) {}
      Task<Status> operator()(LayerCall& call) override {
        layer_.notes_.add("> " + layer_.name_);
        Status status = co_await next_(call);
        layer_.notes_.add("< " + layer_.name_);
        co_return status;
      }

     private:
      const Noting& layer_;
      Handler& next_;
    };
    return std::make_unique<Wrapped>(*this, next);
  }

 private:
  std::string name_;
  Notes& notes_;
};

class Sockets : public ::testing::Test {
 protected:
  Sockets() : runtime_(options()), server_(runtime_) {
    EXPECT_TRUE(server_.add(service_).ok());
    for (auto name : {"s0", "s1"}) server_.add_layer(std::make_shared<Noting>(name, notes_));
    EXPECT_TRUE(server_.start().ok());
    runtime_.start();
    auto address = server_.listen(*net::SockAddress::from_ip("127.0.0.1", 0));
    EXPECT_TRUE(address.has_value());
    ChannelOptions channel_options;
    for (auto name : {"c0", "c1", "c2"}) channel_options.layers.push_back(std::make_shared<Noting>(name, notes_));
    auto channel = make_channel(runtime_, address->to_string(), channel_options);
    EXPECT_TRUE(channel.has_value());
    stub_ = std::make_unique<v1::Stream::Stub>(*channel);
  }
  ~Sockets() override {
    stub_.reset();
    std::promise<void> drained;
    server_.drain(std::chrono::seconds(5), [&] { drained.set_value(); });
    drained.get_future().wait();
    runtime_.stop();
    runtime_.join();
  }
  static RuntimeOptions options() {
    RuntimeOptions o;
    o.threads = 2;
    return o;
  }

  SharedService service_;
  Noting::Notes notes_;
  Runtime runtime_;
  Server server_;
  std::unique_ptr<v1::Stream::Stub> stub_;
};

RC_GTEST_FIXTURE_PROP(Sockets, Property1_17_18_CallsEndAndStreamsKeepTheirOrder, ()) {
  const auto shapes = *rc::gen::container<std::vector<std::pair<int, int>>>(
      *rc::gen::inRange(1, 6), rc::gen::pair(rc::gen::inRange(0, 30), rc::gen::element(0, 100, 5000, 80'000)));
  const Status status = sync_wait(runtime_, many(*stub_, shapes));
  RC_LOG() << status.to_string();
  RC_ASSERT(status.ok());
}

RC_GTEST_FIXTURE_PROP(Sockets, Property2_LayerChainOrder_ThroughTheWireAndBack, ()) {
  const auto answer = sync_wait(runtime_, stub_->Once(Plan()));
  RC_ASSERT(answer.has_value());
  // The server's layers are left after its answer has gone out: their last notes may come behind the client's.
  std::vector<std::string> in, client_out, server_out;
  for (int patience = 0; server_out.size() < 2 && patience < 5000; ++patience) {
    for (const std::string& line : notes_.take())
      (line[0] == '>' ? in : line[2] == 'c' ? client_out : server_out).push_back(line);
    if (server_out.size() < 2) (void)sync_wait(runtime_, stub_turn());
  }
  RC_ASSERT(in == (std::vector<std::string>{"> c0", "> c1", "> c2", "> s0", "> s1"}));
  RC_ASSERT(client_out == (std::vector<std::string>{"< c2", "< c1", "< c0"}));
  RC_ASSERT(server_out == (std::vector<std::string>{"< s1", "< s0"}));
}

RC_GTEST_FIXTURE_PROP(Sockets, Property16_DeadlineEnforcement_InRealTime, ()) {
  const auto timeout = std::chrono::microseconds(*rc::gen::inRange(200, 20'000));
  Plan plan;
  plan.set_delay_us(*rc::gen::element(0, 100, 60'000'000));
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = sync_wait(runtime_, stub_->Once(plan, CallOptions().timeout(timeout)));
  const auto took = std::chrono::steady_clock::now() - begun;
  RC_ASSERT(took < std::chrono::seconds(5));  // the minute that the handler would take is cut short
  if (plan.delay_us() > 1'000'000) {
    RC_ASSERT(!answer.has_value());
    RC_ASSERT(took >= timeout);
  }
  if (!answer) RC_ASSERT(answer.error().code() == Code::deadline_exceeded);
}

}  // namespace
}  // namespace pintle::property
