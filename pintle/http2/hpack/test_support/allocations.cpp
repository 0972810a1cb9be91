#include <pintle/http2/hpack/test_support/allocations.hpp>

#include <cstdlib>
#include <new>

namespace {

thread_local pintle::http2::hpack_test::Allocations counted;

void* take(std::size_t n) {
  ++counted.count;
  counted.bytes += n;
  if (void* p = std::malloc(n == 0 ? 1 : n)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t n) { return take(n); }
void* operator new[](std::size_t n) { return take(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace pintle::http2::hpack_test {

Allocations allocations() { return counted; }

}  // namespace pintle::http2::hpack_test
