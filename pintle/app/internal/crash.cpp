#include <pintle/app/internal/crash.hpp>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

namespace pintle {

namespace {

constexpr std::pair<int, const char*> kSignals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}};
constexpr int kFrames = 48;

int descriptor = STDERR_FILENO;

// Little that is safe in a signal handler is of use; this much works in practice, and the process is lost anyway.
void on_crash(int number) {
  std::signal(number, SIG_DFL);
  const char* name = "?";
  for (const auto& [signal, text] : kSignals)
    if (signal == number) name = text;
  static char line[8192];
  std::size_t used = static_cast<std::size_t>(std::snprintf(
      line, sizeof line, R"({"severity":"ERROR","message":"the process crashed","signal":"%s","backtrace":[)", name));
  void* frames[kFrames];
  const int count = ::backtrace(frames, kFrames);
  for (int i = 0; i < count && used + 300 < sizeof line; ++i) {
    Dl_info where{};
    const auto address = reinterpret_cast<std::uintptr_t>(frames[i]);
    const bool known = ::dladdr(frames[i], &where) != 0 && where.dli_fname != nullptr;
    const char* file = known ? where.dli_fname : "?";
    if (const char* slash = std::strrchr(file, '/')) file = slash + 1;
    const std::uintptr_t base = known ? reinterpret_cast<std::uintptr_t>(where.dli_fbase) : 0;
    const int n = std::snprintf(line + used, sizeof line - used, "%s\"%.200s+0x%llx\"", i == 0 ? "" : ",", file,
                                static_cast<unsigned long long>(address - base));
    used += static_cast<std::size_t>(n);
  }
  used += static_cast<std::size_t>(std::snprintf(line + used, sizeof line - used, "]}\n"));
  (void)!::write(descriptor, line, used);
  ::raise(number);
}

}  // namespace

void say_crashes(int fd) {
  descriptor = fd;
  void* frame[1];
  ::backtrace(frame, 1);  // what it loads it loads now, not in the handler
  for (const auto& [number, name] : kSignals) {
    struct sigaction now{};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction ours{};
    ours.sa_handler = &on_crash;
    ours.sa_flags = SA_ONSTACK | SA_RESETHAND;
    ::sigaction(number, &ours, nullptr);
  }
}

}  // namespace pintle
