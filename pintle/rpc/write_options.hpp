// What a writer may say about one message of a stream.
#pragma once

#include <utility>

namespace pintle {

// Fluent, and no aggregate, so that it is safe inside a co_await expression:
// `co_await writer.write(item, WriteOptions().no_compression())`. A value type.
class WriteOptions {
 public:
  WriteOptions() = default;

  // This message is sent as it is, although the call compresses (grpc/doc/compression.md, "Specific Disabling of
  // Compression"): for a secret that would stand beside text of an attacker's choice, and for what is compressed
  // already.
  template <class Self>
  Self&& no_compression(this Self&& self) {
    self.compresses_ = false;
    return std::forward<Self>(self);
  }

  bool compresses() const { return compresses_; }

 private:
  bool compresses_ = true;
};

}  // namespace pintle
