// Where a client has the tokens from that it sends.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <pintle/base/status.hpp>

namespace pintle {

// Any thread.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // The token that counts now; UNAVAILABLE where there is none, and why.
  virtual Result<std::shared_ptr<const std::string>> token() const = 0;
};

// A file that somebody else keeps fresh, as Kubernetes does with the token of a service account: its text without the
// spaces and line breaks around it. What was read last stays when it can't be read any more.
class FileToken final : public TokenSource {
 public:
  // The content, or for a person why there is none.
  using Read = std::function<std::expected<std::string, std::string>()>;
  explicit FileToken(Read read) : read_(std::move(read)) {}

  Result<std::shared_ptr<const std::string>> token() const override;
  // Reads it; blocks on the disk. INVALID_ARGUMENT, and nothing changes, when it can't be read, is empty or holds what
  // can't be sent. True: it is another token now.
  Result<bool> load();

 private:
  const Read read_;
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> token_;  // guarded by mutex_, as is
  std::string why_ = "it was not read yet";
};

}  // namespace pintle
