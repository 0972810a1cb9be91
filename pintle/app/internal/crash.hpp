// What a process says when it crashes.
#pragma once

namespace pintle {

// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line of JSON to `fd` before they end the process as
// ever: the signal, and the backtrace as "program+0x1234", for addr2line. A signal that somebody handles already (a
// sanitizer, the application) is left alone.
void say_crashes(int fd);

}  // namespace pintle
