// The service of generated.proto, as a user writes one.
#pragma once

#include <string>

#include "plugin/test_support/generated.pintle.hpp"

namespace pintle::plugin {

class Calculator final : public ::plugin::test::Calculator::Service {
 public:
  using Number = ::plugin::test::Number;
  using Everything = ::plugin::test::Everything;

  Task<Result<Number>> Double(Call& call, const Number& request) override {
    call.response_trailers.add("x-form", "value");
    if (request.value() < 0) co_return invalid_argument("{} is negative", request.value());
    Number response;
    response.set_value(2 * request.value());
    co_return response;
  }
  Task<Status> CountTo(Call&, const Number& request, Writer<Number>& responses) override {
    Number next;
    for (std::int64_t i = 1; i <= request.value(); ++i) {
      next.set_value(i);
      if (Status status = co_await responses.write(next); !status.ok()) co_return status;
    }
    if (request.note() == "fail at the end") co_return Status(Code::aborted, "as asked");
    co_return Status();
  }
  Task<Result<Number>> Sum(Call&, Reader<Number>& requests) override {
    Number sum;
    for (;;) {
      auto number = co_await requests.read();
      if (!number) co_return std::unexpected(number.error());
      if (*number == nullptr) break;
      sum.set_value(sum.value() + (*number)->value());
    }
    co_return sum;
  }
  Task<Status> RunningSum(Call&, Reader<Number>& requests, Writer<Number>& responses) override {
    Number sum;
    for (;;) {
      auto number = co_await requests.read();
      if (!number) co_return std::move(number).error();
      if (*number == nullptr) co_return Status();
      sum.set_value(sum.value() + (*number)->value());
      if (Status status = co_await responses.write(sum); !status.ok()) co_return status;
    }
  }
  Task<Status> EchoInto(Call& call, const Everything& request, Everything& response) override {
    call.response_trailers.add("x-form", "into");
    response = request;
    co_return Status();
  }
};

}  // namespace pintle::plugin
