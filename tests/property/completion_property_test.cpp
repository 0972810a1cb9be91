// Property 1: every call ends exactly once, whatever happens to it and whenever.
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::property {
namespace {

using testing::InMemoryServer;
using testing::MemoryPipeOptions;
using testing::Running;

Task<Status> unary(v1::Stream::Stub& stub, Plan plan, CallOptions options) {
  auto answer = co_await stub.Once(plan, std::move(options));
  co_return answer ? Status() : answer.error();
}

Task<Status> down(v1::Stream::Stub& stub, Plan plan, CallOptions options, int read_at_most) {
  auto stream = co_await stub.Down(plan, std::move(options));
  for (int i = 0; i < read_at_most; ++i) {
    auto number = co_await stream.read();
    if (!number) co_return number.error();
    if (*number == nullptr) co_return Status();
  }
  co_return Status(Code::cancelled, "let go");  // the stream is dropped half-way
}

Task<Status> up(v1::Stream::Stub& stub, Plan plan, CallOptions options) {
  auto stream = co_await stub.Up(std::move(options));
  for (int i = 0; i < plan.count(); ++i) {
    Number number;
    number.set_value(i);
    number.set_padding(std::string(static_cast<std::size_t>(plan.padding()), 'x'));
    Status sent = co_await stream.write(number);
    if (!sent.ok()) break;
  }
  auto tally = co_await stream.finish();
  co_return tally ? Status() : tally.error();
}

Task<Status> both(v1::Stream::Stub& stub, Plan plan, CallOptions options) {
  auto stream = co_await stub.Both(std::move(options));
  for (int i = 0; i < plan.count(); ++i) {
    Number number;
    number.set_value(i);
    Status sent = co_await stream.write(number);
    if (!sent.ok()) co_return co_await stream.finish();
    auto back = co_await stream.read();
    if (!back) co_return back.error();
  }
  co_return co_await stream.finish();
}

RC_GTEST_PROP(Property1_AsyncOperationCompletion, EveryCallEndsOnceAndNothingIsLeft, ()) {
  MemoryPipeOptions pipe;
  pipe.chunk = *rc::gen::element<std::size_t>(7, 100, 1 << 20);
  pipe.capacity = *rc::gen::element<std::size_t>(300, 65'536);
  StreamService service;
  std::vector<Running<Status>> calls;
  {
    ServerOptions options;
    options.connection.http2.max_concurrent_streams = 4;
    options.connection.max_running = static_cast<std::size_t>(*rc::gen::inRange(1, 5));
    // Connections that grow old or idle while calls come, wait and run.
    using std::chrono::microseconds;
    options.connection.max_age = *rc::gen::element<Duration>(Duration::max(), microseconds(900), microseconds(9000));
    options.connection.max_age_grace = *rc::gen::element<Duration>(Duration::max(), Duration(0), microseconds(700));
    options.connection.idle_timeout = *rc::gen::element<Duration>(Duration::max(), microseconds(1), microseconds(800));
    options.random = [] { return 0.5; };
    ChannelOptions channel;
    channel.connection.idle_timeout = *rc::gen::element<Duration>(Duration::max(), microseconds(1), microseconds(600));
    InMemoryServer host(options, pipe);
    RC_ASSERT(host.server().add(service).ok());
    v1::Stream::Stub stub(host.channel(channel));

    const int steps = *rc::gen::inRange(1, 30);
    for (int i = 0; i < steps; ++i) {
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
        case 1:
        case 2:
        case 3: {
          Plan plan;
          plan.set_count(*rc::gen::inRange(0, 20));
          plan.set_padding(*rc::gen::element(0, 10, 3000, 70'000));
          plan.set_code(*rc::gen::element(0, 0, 0, 9));
          plan.set_delay_us(*rc::gen::element(0, 0, 500, 5000));
          plan.set_throws(*rc::gen::inRange(0, 8) == 0);
          CallOptions how;
          if (*rc::gen::arbitrary<bool>()) how.timeout(std::chrono::microseconds(*rc::gen::inRange(1, 20'000)));
          if (*rc::gen::arbitrary<bool>()) how.wait_for_ready();
          switch (*rc::gen::inRange(0, 4)) {
            case 0:
              calls.push_back(host.loop().start(unary(stub, plan, how)));
              break;
            case 1:
              calls.push_back(host.loop().start(down(stub, plan, how, *rc::gen::inRange(0, 30))));
              break;
            case 2:
              calls.push_back(host.loop().start(up(stub, plan, how)));
              break;
            default:
              calls.push_back(host.loop().start(both(stub, plan, how)));
          }
          break;
        }
        case 4:
          if (!calls.empty()) calls[*rc::gen::inRange<std::size_t>(0, calls.size())].cancel();
          break;
        case 5:
          host.loop().advance(std::chrono::microseconds(*rc::gen::inRange(1, 10'000)));
          break;
        case 6:
          if (!host.connections().empty()) host.connections().back().reset();
          break;
        default:
          host.refuse(*rc::gen::inRange(0, 2));
      }
      host.loop().run_until_idle();
    }
    host.refuse(0);
    host.loop().advance(std::chrono::minutes(10));
    for (std::size_t i = 0; i < calls.size(); ++i) {
      RC_LOG() << "call " << i << "\n";
      RC_ASSERT(calls[i].done());
      (void)calls[i].get();
    }
  }
  RC_ASSERT(service.started == service.ended);
}

}  // namespace
}  // namespace pintle::property
