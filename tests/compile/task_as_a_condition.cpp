// `if (stub.Get(request))` without co_await would always be true, and send nothing.
#include <pintle/async/task.hpp>

pintle::Task<pintle::Result<int>> get();

pintle::Task<int> body() {
#ifdef WRONG
  auto answer = get();
#else
  auto answer = co_await get();
#endif
  if (answer) co_return 1;
  co_return 0;
}
