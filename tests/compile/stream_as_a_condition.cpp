// The same for a call that streams: `auto feed = stub.Watch(request); if (feed)`.
#include <pintle/rpc/client_stream.hpp>

using Feed = pintle::ServerStream<int>;
pintle::codegen::Opening<Feed> watch();

pintle::Task<void> body() {
  auto feed = watch();
#ifdef WRONG
  if (feed) co_return;
#endif
  (void)feed;
  co_return;
}
