// A name server on loopback that says what the test says: real queries over UDP, and whatever may be wrong with
// answers.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pintle::testing {

// Any thread may script it while it serves.
class DnsServer {
 public:
  // Serves from here on, on a port of 127.0.0.1 that is free. Throws std::system_error when there is none.
  DnsServer();
  DnsServer(const DnsServer&) = delete;
  ~DnsServer();

  // "127.0.0.1:PORT": for DnsOptions::server and for dns://127.0.0.1:PORT/name.
  std::string address() const;
  // From now on `name` has these addresses, IPv4 and IPv6.
  void set(std::string name, std::vector<std::string> addresses, std::chrono::seconds ttl = std::chrono::seconds(60));
  // There is no such name any more (NXDOMAIN).
  void remove(std::string_view name);
  // Queries for anything are answered with SERVFAIL, or not at all.
  enum class Mood { answers, fails, silent };
  void mood(Mood mood);
  // Queries for addresses of IPv4 of this name that came.
  int queries(std::string_view name) const;

 private:
  struct Entry {
    std::vector<std::string> addresses;
    std::chrono::seconds ttl;
  };
  void serve();
  std::string answer(std::string_view query);

  int fd_ = -1, wake_ = -1;
  unsigned short port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> names_;  // guarded by mutex_, as is
  mutable std::map<std::string, int, std::less<>> asked_;
  Mood mood_ = Mood::answers;
  std::thread thread_;
};

}  // namespace pintle::testing
