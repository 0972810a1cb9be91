// Waiting for the drain without co_await waits for nothing.
#include <pintle/rpc/call.hpp>

pintle::Task<void> body(pintle::Call& call) {
#ifdef WRONG
  call.drained();
#else
  (void)co_await call.drained();
#endif
  co_return;
}
