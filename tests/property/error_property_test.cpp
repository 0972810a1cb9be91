// Property 3: every domain error and every exception has exactly one status, with its details, and the text of what
// nobody expected reaches the log only.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/middleware/errors/error_table.hpp>
#include <pintle/rpc/details.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>
#include <pintle/testing/kit/observed.hpp>

namespace pintle::property {
namespace {

using testing::InMemoryServer;
using testing::ObservedLog;

class Throwing final : public v1::Stream::Service {
 public:
  std::exception_ptr what;
  Task<Result<Number>> Once(Call&, const Plan& plan) override {
    if (plan.delay_us() != 0) co_await sleep_for(std::chrono::microseconds(plan.delay_us()));
    std::rethrow_exception(what);
  }
  Task<Status> Down(Call&, const Plan&, Writer<Number>&) override {
    co_await current_env();
    std::rethrow_exception(what);
  }
  Task<Result<Tally>> Up(Call&, Reader<Number>& in) override {
    co_await in.read();
    std::rethrow_exception(what);
  }
  Task<Status> Both(Call&, Reader<Number>&, Writer<Number>&) override {
    co_await current_env();
    std::rethrow_exception(what);
  }
};

constexpr Code kCodes[] = {Code::invalid_argument,  Code::not_found,      Code::unauthenticated,
                           Code::permission_denied, Code::already_exists, Code::resource_exhausted,
                           Code::unavailable,       Code::internal,       Code::deadline_exceeded};

constexpr std::string_view kSecret = "hunter2 at /etc/shadow";

DomainError any_error() {
  DomainError error(static_cast<ErrorKind>(*rc::gen::inRange(0, 9)), std::string(kSecret) + " message");
  if (*rc::gen::arbitrary<bool>()) error.reason("SOME_REASON");
  if (*rc::gen::arbitrary<bool>()) error.resource("item", "7");
  if (*rc::gen::arbitrary<bool>()) error.cause(std::string(kSecret) + " cause");
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) error.violation("field" + std::to_string(i), "is wrong");
  if (*rc::gen::arbitrary<bool>()) error.retry_after(std::chrono::milliseconds(*rc::gen::inRange(0, 5000)));
  return error;
}

std::exception_ptr anything_else() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return std::make_exception_ptr(std::runtime_error(std::string(kSecret)));
    case 1:
      return std::make_exception_ptr(std::string(kSecret));
    case 2:
      return std::make_exception_ptr(7);
    case 3:
      return std::make_exception_ptr(std::bad_alloc());
    default:
      return std::make_exception_ptr(std::out_of_range(std::string(kSecret)));
  }
}

// What the caller gets of a call of that kind.
Status ask(InMemoryServer& server, v1::Stream::Stub& stub, int kind) {
  Plan plan;
  plan.set_delay_us(*rc::gen::element(0, 0, 10));
  const auto call = [&]() -> Task<Status> {
    if (kind == 0) {
      auto once = co_await stub.Once(plan);
      co_return once ? Status() : once.error();
    }
    if (kind == 1) {
      auto down = co_await stub.Down(plan);
      auto number = co_await down.read();
      co_return number ? Status() : number.error();
    }
    auto up = co_await stub.Up();
    auto tally = co_await up.finish();
    co_return tally ? Status() : tally.error();
  };
  return server.loop().run(call());
}

RC_GTEST_PROP(Property3ErrorStatusMapping, EveryErrorHasOneStatusAndNothingUnexpectedLeaks, ()) {
  const ErrorTable table("items.example.com");
  ObservedLog log;
  ServerOptions options;
  options.log = log.logger();
  options.exceptions = [&](const std::exception_ptr& thrown) { return table.judge(thrown); };
  InMemoryServer server(options);
  Throwing service;
  RC_ASSERT(server.server().add(service).ok());
  v1::Stream::Stub stub(server.channel());
  const int kind = *rc::gen::inRange(0, 3);

  const bool expected = *rc::gen::arbitrary<bool>();
  std::optional<DomainError> error;
  if (expected) error = any_error();
  service.what = expected ? std::make_exception_ptr(*error) : anything_else();
  const Status got = ask(server, stub, kind);
  const auto lines = log.lines();
  const bool logged =
      std::ranges::any_of(lines, [](const std::string& line) { return line.contains("a handler threw"); });
  RC_LOG() << got.to_string();

  if (!expected) {
    RC_ASSERT(got.code() == Code::unknown || got.code() == Code::resource_exhausted);
    RC_ASSERT(!got.message().contains("hunter2"));
    RC_ASSERT(got.details().empty());
    RC_ASSERT(logged);
    return;
  }
  const DomainError::Parts& parts = error->parts();
  RC_ASSERT(got.code() == kCodes[static_cast<std::size_t>(parts.kind)]);
  RC_ASSERT(got.details().contains("hunter2") == (got.code() != Code::internal));
  RC_ASSERT(!got.details().contains("hunter2 at /etc/shadow cause"));
  RC_ASSERT(!got.message().contains("cause"));
  RC_ASSERT(got.message().contains("hunter2") == (got.code() != Code::internal));
  RC_ASSERT(logged == (got.code() == Code::internal));
  RC_ASSERT(detail_of<google::rpc::ErrorInfo>(got)->reason() == parts.reason);
  const auto bad = detail_of<google::rpc::BadRequest>(got);
  RC_ASSERT((bad ? bad->field_violations_size() : 0) == static_cast<int>(parts.violations.size()));
  RC_ASSERT(detail_of<google::rpc::ResourceInfo>(got).has_value() == !parts.resource_type.empty());
  RC_ASSERT(detail_of<google::rpc::RetryInfo>(got).has_value() == (parts.retry_after >= Duration::zero()));
}

}  // namespace
}  // namespace pintle::property
