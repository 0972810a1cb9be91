// A server in a process of its own, to be killed and stopped.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace pintle::chaos {

// Its program is this one, called as `chaos server PORT FILE MILLISECONDS CODE`. It runs calls by writing their number
// to FILE and answers with it, after so many milliseconds, or with the status CODE.
class ServerProcess {
 public:
  ServerProcess(std::uint16_t port, std::string file, int milliseconds = 0, int code = 0);
  ServerProcess(const ServerProcess&) = delete;
  ~ServerProcess();
  // Returns when it listens.
  void start();
  void kill();  // -9, and waits for its end
  void stop();  // SIGSTOP
  void go_on();
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  std::string file_;
  int milliseconds_, code_;
  pid_t pid_ = -1;
};

// What such a process does; never returns but to end it.
int serve(std::uint16_t port, const char* file, int milliseconds, int code);

// A port that is free now.
std::uint16_t free_port();

}  // namespace pintle::chaos
