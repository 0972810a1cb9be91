#include <algorithm>

#include "expect.hpp"

namespace interop {

void expect(bool holds, std::string_view what) {
  if (!holds) throw Failure(std::string(what));
}

void expect_ok(const pintle::Status& status, std::string_view what) {
  if (!status.ok()) throw Failure(fmt::format("{}: {}", what, status.to_string()));
}

void expect_code(const pintle::Status& status, pintle::Code wanted) {
  if (status.code() != wanted)
    throw Failure(fmt::format("the call ended with {} instead of {}", status.to_string(), pintle::code_name(wanted)));
}

void expect_status(const pintle::Status& status, pintle::Code wanted, std::string_view message) {
  expect_code(status, wanted);
  expect_equal(status.message(), message, "the message of the status");
}

void expect_payload(const grpc::testing::Payload& payload, std::size_t size) {
  expect_equal(static_cast<int>(payload.type()), static_cast<int>(grpc::testing::COMPRESSABLE), "the payload's type");
  expect_equal(payload.body().size(), size, "the payload's size");
  expect(std::ranges::all_of(payload.body(), [](char c) { return c == '\0'; }), "the payload is not all zeros");
}

void expect_entry(const pintle::Metadata& metadata, std::string_view key, std::string_view wanted) {
  const auto values = metadata.all(key);
  expect_equal(values.size(), 1U, fmt::format("number of values of {}", key));
  expect(values.front() == wanted, fmt::format("{} came back with another value", key));
}

}  // namespace interop
