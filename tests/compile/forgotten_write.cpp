// A write that nobody awaits writes nothing.
#include <pintle/rpc/reader_writer.hpp>

pintle::Task<void> body(pintle::Call& call, const pintle::Message& message) {
#ifdef WRONG
  call.write(message);
#else
  (void)co_await call.write(message);
#endif
  co_return;
}
