// The service of stream.proto, and what it remembers of its calls.
#pragma once

#include <stdexcept>
#include <string>

#include <stream.pintle.hpp>

#include <pintle/async/task.hpp>

namespace pintle::property {

using v1::Number;
using v1::Plan;
using v1::Tally;

class StreamService final : public v1::Stream::Service {
 public:
  int started = 0, ended = 0;  // handlers; equal when nothing leaks
  int answers = 0;             // of Up
  Duration longest_remaining{};

  Task<Result<Number>> Once(Call& call, const Plan& plan) override {
    Life life(*this);
    if (plan.throws()) throw std::runtime_error("secret");
    if (!call.deadline().is_infinite()) {
      const Env env = co_await current_env();
      longest_remaining = std::max(longest_remaining, call.deadline().remaining(env.loop->now()));
    }
    if (plan.delay_us() > 0) {
      Status slept = co_await sleep_for(std::chrono::microseconds(plan.delay_us()));
      if (!slept.ok()) co_return std::unexpected(slept);
    }
    if (plan.code() != 0) co_return Error(code_from_number(static_cast<std::uint32_t>(plan.code())), "as planned");
    Number number;
    number.set_value(plan.count());
    number.set_padding(std::string(static_cast<std::size_t>(plan.padding()), 'x'));
    co_return number;
  }

  Task<Status> Down(Call&, const Plan& plan, Writer<Number>& out) override {
    Life life(*this);
    Number number;
    number.set_padding(std::string(static_cast<std::size_t>(plan.padding()), 'x'));
    for (int i = 0; i < plan.count(); ++i) {
      number.set_value(i);
      Status sent = co_await out.write(number);
      if (!sent.ok()) co_return sent;
      if (plan.delay_us() > 0) {
        Status slept = co_await sleep_for(std::chrono::microseconds(plan.delay_us()));
        if (!slept.ok()) co_return slept;
      }
    }
    if (plan.throws()) throw std::runtime_error("secret");
    if (plan.code() != 0) co_return Status(code_from_number(static_cast<std::uint32_t>(plan.code())), "as planned");
    co_return Status();
  }

  Task<Result<Tally>> Up(Call&, Reader<Number>& in) override {
    Life life(*this);
    Tally tally;
    tally.set_in_order(true);
    for (;;) {
      auto number = co_await in.read();
      if (!number) co_return std::unexpected(number.error());
      if (*number == nullptr) break;
      if ((*number)->value() != tally.count()) tally.set_in_order(false);
      tally.set_count(tally.count() + 1);
    }
    ++answers;
    co_return tally;
  }

  Task<Status> Both(Call&, Reader<Number>& in, Writer<Number>& out) override {
    Life life(*this);
    for (;;) {
      auto number = co_await in.read();
      if (!number) co_return number.error();
      if (*number == nullptr) co_return Status();
      Status sent = co_await out.write(**number);
      if (!sent.ok()) co_return sent;
    }
  }

 private:
  struct Life {
    explicit Life(StreamService& s) : service(s) { ++service.started; }
    ~Life() { ++service.ended; }
    StreamService& service;
  };
};

}  // namespace pintle::property
