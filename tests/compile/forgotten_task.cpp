// A task that nobody awaits does nothing: the compiler says so.
#include <pintle/async/task.hpp>

pintle::Task<pintle::Status> save();

pintle::Task<void> body() {
#ifdef WRONG
  save();
#else
  (void)co_await save();
#endif
  co_return;
}
