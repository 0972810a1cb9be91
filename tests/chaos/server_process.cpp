#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server_process.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/async/task.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/server/server.hpp>

namespace pintle::chaos {

namespace {

bool listens(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool yes = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return yes;
}

class Executing final : public Handler {
 public:
  Executing(int file, Duration takes, Code code) : file_(file), takes_(takes), code_(code) {}
  Task<Status> operator()(LayerCall& call) override {
    auto request = co_await call.read();
    if (!request || *request == nullptr) co_return Status(Code::internal, "there is no request");
    const std::string number = test::text_of((*request)->bytes());
    const std::string line = number + '\n';
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
    if (takes_ > Duration::zero()) co_await sleep_for(takes_);
    if (code_ != Code::ok) co_return Status(code_, "as it was told");
    co_return co_await call.write(Message(test::bytes_of(number), nullptr, nullptr));
  }

 private:
  const int file_;
  const Duration takes_;
  const Code code_;
};

}  // namespace

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port is free");
  ::close(fd);
  return ntohs(address.sin_port);
}

ServerProcess::ServerProcess(std::uint16_t port, std::string file, int milliseconds, int code)
    : port_(port), file_(std::move(file)), milliseconds_(milliseconds), code_(code) {
  start();
}

ServerProcess::~ServerProcess() { kill(); }

void ServerProcess::start() {
  const std::string port = std::to_string(port_), takes = std::to_string(milliseconds_), code = std::to_string(code_);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::execl("/proc/self/exe", "chaos", "server", port.c_str(), file_.c_str(), takes.c_str(), code.c_str(), nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < 1000; ++i) {
    if (listens(port_)) return;
    ::usleep(5000);
  }
  throw std::runtime_error("a server did not start");
}

void ServerProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void ServerProcess::stop() { ::kill(pid_, SIGSTOP); }
void ServerProcess::go_on() { ::kill(pid_, SIGCONT); }

int serve(std::uint16_t port, const char* file, int milliseconds, int code) {
  const int ledger = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (ledger < 0) return 2;
  RuntimeOptions options;
  options.threads = 1;
  Runtime runtime(options);
  Server server(runtime);
  server.set_fallback(std::make_unique<Executing>(ledger, std::chrono::milliseconds(milliseconds),
                                                  code_from_number(static_cast<std::uint32_t>(code))));
  if (!server.start().ok() || !server.listen(net::SockAddress::from_ip("127.0.0.1", port).value())) return 3;
  runtime.start();
  runtime.join();
  return 0;
}

}  // namespace pintle::chaos
