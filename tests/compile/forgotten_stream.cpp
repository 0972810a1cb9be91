// A stream that is not awaited is not opened.
#include <pintle/rpc/client_stream.hpp>

pintle::codegen::Opening<pintle::ServerStream<int>> watch();

void body() {
#ifdef WRONG
  watch();
#else
  (void)watch();
#endif
}
