// Properties 17 and 18: what a stream delivers, however the bytes are cut, however slow the reader is.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::property {
namespace {

using testing::InMemoryServer;
using testing::MemoryPipeOptions;

struct Shape {
  int count, padding, code;
  std::size_t chunk, capacity;
};

Shape any_shape() {
  Shape s;
  s.count = *rc::gen::inRange(0, 200);
  s.padding = *rc::gen::element(0, 1, 7, 100, 1000, 5000, 20'000, 70'000);
  if (s.padding >= 5000) s.count %= 20;
  s.code = *rc::gen::element(0, 0, 5, 13);
  s.chunk = *rc::gen::element<std::size_t>(3, 16, 100, 1000, 16'384, 1 << 20);
  if (s.padding * s.count > 20'000 && s.chunk < 100) s.chunk = 100;
  s.capacity = *rc::gen::element<std::size_t>(512, 4096, 65'536, 1 << 20);
  return s;
}

MemoryPipeOptions pipe_of(const Shape& s) {
  MemoryPipeOptions pipe;
  pipe.chunk = s.chunk;
  pipe.capacity = s.capacity;
  return pipe;
}

// Reads all, sleeping now and then as `pauses` says, and gives the numbers that came and how it ended.
Task<std::pair<int, Status>> read_down(v1::Stream::Stub& stub, Plan plan, int pause_every) {
  auto stream = co_await stub.Down(plan);
  int next = 0;
  for (;;) {
    auto number = co_await stream.read();
    if (!number) co_return {next, number.error()};
    if (*number == nullptr) break;
    if ((*number)->value() != next || (*number)->padding().size() != static_cast<std::size_t>(plan.padding()))
      co_return {-1, Status(Code::data_loss, "out of order")};
    ++next;
    if (pause_every > 0 && next % pause_every == 0) (void)co_await sleep_for(std::chrono::milliseconds(3));
  }
  auto again = co_await stream.read();
  if (!again || *again != nullptr) co_return {-1, Status(Code::data_loss, "the end came twice")};
  co_return {next, co_await stream.finish()};
}

RC_GTEST_PROP(Property17_ServerStreamingOrder, MessagesArriveInOrderAndTheEndOnce, ()) {
  const Shape shape = any_shape();
  const int pause_every = *rc::gen::element(0, 0, 1, 5);
  StreamService service;
  InMemoryServer host({}, pipe_of(shape));
  RC_ASSERT(host.server().add(service).ok());
  v1::Stream::Stub stub(host.channel());
  Plan plan;
  plan.set_count(shape.count);
  plan.set_padding(shape.padding);
  plan.set_code(shape.code);

  auto [came, status] = host.loop().run(read_down(stub, plan, pause_every));
  RC_ASSERT(came == shape.count);
  RC_ASSERT(status.code() == code_from_number(static_cast<std::uint32_t>(shape.code)));
  RC_ASSERT(service.started == 1);
  RC_ASSERT(service.ended == 1);
}

// Reads the first few only; the status is that of the whole call all the same.
Task<Status> read_some(v1::Stream::Stub& stub, Plan plan, int few) {
  auto stream = co_await stub.Down(plan);
  for (int i = 0; i < few; ++i) {
    auto number = co_await stream.read();
    if (!number) co_return number.error();
    if (*number == nullptr) break;
  }
  co_return co_await stream.finish();
}

RC_GTEST_PROP(Property17_ServerStreamingOrder, FinishGivesTheStatusWhateverWasLeftUnread, ()) {
  const Shape shape = any_shape();
  StreamService service;
  InMemoryServer host({}, pipe_of(shape));
  RC_ASSERT(host.server().add(service).ok());
  v1::Stream::Stub stub(host.channel());
  Plan plan;
  plan.set_count(shape.count);
  plan.set_padding(shape.padding);
  plan.set_code(shape.code);
  const Status status = host.loop().run(read_some(stub, plan, *rc::gen::inRange(0, 4)));
  RC_LOG() << status.to_string();
  RC_ASSERT(status.code() == code_from_number(static_cast<std::uint32_t>(shape.code)));
  RC_ASSERT(service.ended == 1);
}

Task<Result<Tally>> write_up(v1::Stream::Stub& stub, int count, int padding, int pause_every) {
  auto stream = co_await stub.Up();
  Number number;
  number.set_padding(std::string(static_cast<std::size_t>(padding), 'x'));
  for (int i = 0; i < count; ++i) {
    number.set_value(i);
    Status sent = co_await stream.write(number);
    if (!sent.ok()) co_return std::unexpected(sent);
    if (pause_every > 0 && i % pause_every == 0) (void)co_await sleep_for(std::chrono::milliseconds(3));
  }
  co_return co_await stream.finish();
}

RC_GTEST_PROP(Property18_ClientStreamingDelivery, TheServerSeesAllInOrderThenTheEndThenAnswersOnce, ()) {
  const Shape shape = any_shape();
  const int pause_every = *rc::gen::element(0, 0, 1, 5);
  StreamService service;
  InMemoryServer host({}, pipe_of(shape));
  RC_ASSERT(host.server().add(service).ok());
  v1::Stream::Stub stub(host.channel());

  Result<Tally> tally = host.loop().run(write_up(stub, shape.count, shape.padding, pause_every));
  RC_ASSERT(tally.has_value());
  RC_ASSERT(tally->count() == shape.count);
  RC_ASSERT(tally->in_order());
  RC_ASSERT(service.answers == 1);
  RC_ASSERT(service.ended == 1);
}

Task<Status> echo(v1::Stream::Stub& stub, int count, int padding, int window) {
  auto stream = co_await stub.Both();
  Number number;
  number.set_padding(std::string(static_cast<std::size_t>(padding), 'x'));
  int sent = 0, got = 0;
  while (got < count) {
    for (; sent < count && sent - got < window; ++sent) {
      number.set_value(sent);
      Status written = co_await stream.write(number);
      if (!written.ok()) co_return written;
    }
    auto back = co_await stream.read();
    if (!back) co_return back.error();
    if (*back == nullptr || (*back)->value() != got) co_return Status(Code::data_loss, "out of order");
    ++got;
  }
  stream.close_writing();
  auto end = co_await stream.read();
  if (!end) co_return end.error();
  if (*end != nullptr) co_return Status(Code::data_loss, "one too many");
  co_return co_await stream.finish();
}

RC_GTEST_PROP(Property17_ServerStreamingOrder, BothWaysAtOnce, ()) {
  const Shape shape = any_shape();
  // Who writes more than both sides may hold before they read waits for themselves, and rightly so.
  const int window = std::min(*rc::gen::inRange(1, 20), std::max(1, 60'000 / (shape.padding + 1)));
  StreamService service;
  InMemoryServer host({}, pipe_of(shape));
  RC_ASSERT(host.server().add(service).ok());
  v1::Stream::Stub stub(host.channel());
  Status status = host.loop().run(echo(stub, shape.count, shape.padding, window));
  RC_LOG() << status.to_string();
  RC_ASSERT(status.ok());
  RC_ASSERT(service.ended == 1);
}

}  // namespace
}  // namespace pintle::property
