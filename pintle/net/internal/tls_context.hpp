// What was loaded for TLS, and its replacement while connections are made.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/line_writer.hpp>
#include <pintle/net/internal/fd.hpp>
#include <pintle/net/internal/openssl.hpp>
#include <pintle/net/internal/tls_sessions.hpp>
#include <pintle/net/tls.hpp>

namespace pintle::net::tls {

// The secrets of connections, a line each, in the format of SSLKEYLOGFILE. Any thread, none of which waits for the
// disk.
class KeyLog {
 public:
  // A new file is its owner's alone. INVALID_ARGUMENT names the file and what is wrong with it.
  static Result<std::shared_ptr<KeyLog>> open(const std::string& path);
  void write(const char* line) noexcept;

 private:
  explicit KeyLog(Fd file) : file_(std::move(file)), writer_(file_.get()) {}
  Fd file_;
  LineWriter writer_;
};

// Made in one piece, never changed: a handshake sees one certificate with its own key, and the roots of that moment.
class Snapshot {
 public:
  // A client's only one; a server's default.
  SSL_CTX& first() const { return *entries_.front().context; }
  // The one whose certificate has this name (lower case).
  SSL_CTX& for_name(std::string_view name) const;
  // A client's; they go with it.
  Sessions& sessions() const { return sessions_; }

 private:
  friend class Loading;
  struct Entry {
    SslContextPtr context;
    std::vector<std::string> names;
  };
  std::vector<Entry> entries_;
  std::shared_ptr<KeyLog> key_log_;
  mutable Sessions sessions_;
};

using Loaded = Result<std::shared_ptr<const Snapshot>>;

// Any thread.
class Context {
 public:
  // `build` makes a snapshot of the texts, which are those of `sources` in their order.
  using Build = std::function<Loaded(const std::vector<std::string>& texts)>;
  Context(std::vector<Pem> sources, Build build) : sources_(std::move(sources)), build_(std::move(build)) {}

  // The first load. INVALID_ARGUMENT says which file is wrong, and how.
  Status load();
  Reload reload(std::string* why);
  std::shared_ptr<const Snapshot> current() const;
  TlsCounts counts() const;

  void count_handshake(bool done) { (done ? handshakes_ : failed_handshakes_).fetch_add(1, std::memory_order_relaxed); }

 private:
  Result<std::vector<std::string>> read() const;

  const std::vector<Pem> sources_;
  const Build build_;
  std::mutex loading_;              // one reload at a time
  std::vector<std::string> texts_;  // of the current snapshot; guarded by loading_
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;  // guarded by mutex_
  std::atomic<std::uint64_t> handshakes_ = 0, failed_handshakes_ = 0, reloads_ = 0, failed_reloads_ = 0;
};

}  // namespace pintle::net::tls
