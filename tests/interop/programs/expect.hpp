// How a case says that it failed.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/core.h>
#include <grpc/testing/messages.pb.h>

#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>

namespace interop {

// Leaves a case that failed; what() says what was seen and what was wanted.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void expect(bool holds, std::string_view what);

template <class T, class U>
void expect_equal(const T& seen, const U& wanted, std::string_view what) {
  if (!(seen == wanted)) throw Failure(fmt::format("{}: {} instead of {}", what, seen, wanted));
}

void expect_ok(const pintle::Status& status, std::string_view what);
void expect_code(const pintle::Status& status, pintle::Code wanted);
void expect_status(const pintle::Status& status, pintle::Code wanted, std::string_view message);
// `size` zeros.
void expect_payload(const grpc::testing::Payload& payload, std::size_t size);
// The key is there once, with this value.
void expect_entry(const pintle::Metadata& metadata, std::string_view key, std::string_view wanted);

// The value, or a Failure.
template <class T>
T&& value_of(pintle::Result<T>&& result, std::string_view what) {
  if (!result) expect_ok(result.error(), what);
  return std::move(*result);
}
// The status of a call that should not succeed.
template <class T>
pintle::Status status_of(const pintle::Result<T>& result) {
  return result ? pintle::Status() : result.error();
}

}  // namespace interop
