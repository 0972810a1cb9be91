// What a client may resume: TLS sessions by the server that gave them, as long as the identity and the roots with which
// they were made are in use.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include <pintle/net/internal/openssl.hpp>

namespace pintle::net::tls {

using SessionPtr = std::unique_ptr<SSL_SESSION, Freed<SSL_SESSION_free>>;

// Bounded: a few tickets for each of so many servers, the newest. Any thread.
class Sessions {
 public:
  Sessions() = default;
  Sessions(const Sessions&) = delete;

  void put(const std::string& server, SessionPtr session) {
    std::lock_guard lock(mutex_);
    if (servers_.size() >= kServers && !servers_.contains(server)) servers_.erase(servers_.begin());
    std::deque<SessionPtr>& kept = servers_[server];
    if (kept.size() == kPerServer) kept.pop_front();
    kept.push_back(std::move(session));
  }
  // Null: there is none. A ticket of TLS 1.3 is given once, so that connections can't be linked by it (RFC 8446
  // appendix C.4).
  SessionPtr take(const std::string& server) {
    std::lock_guard lock(mutex_);
    const auto found = servers_.find(server);
    if (found == servers_.end()) return nullptr;
    SessionPtr newest = std::move(found->second.back());
    found->second.pop_back();
    if (SSL_SESSION_get_protocol_version(newest.get()) < TLS1_3_VERSION && SSL_SESSION_up_ref(newest.get()) == 1)
      found->second.emplace_back(newest.get());
    if (found->second.empty()) servers_.erase(found);
    return newest;
  }
  void forget(const std::string& server) {
    std::lock_guard lock(mutex_);
    servers_.erase(server);
  }

 private:
  static constexpr std::size_t kServers = 256, kPerServer = 4;
  std::mutex mutex_;
  std::map<std::string, std::deque<SessionPtr>> servers_;  // guarded by mutex_
};

}  // namespace pintle::net::tls
