// gRPC framing: the five bytes before each message, met in large reads and in small ones.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <pintle/wire/framing.hpp>

namespace pintle::wire {
namespace {

std::vector<std::byte> messages(std::size_t count, std::size_t size) {
  std::vector<std::byte> bytes(count * (kPrefixSize + size));
  for (std::size_t i = 0; i < count; ++i) {
    write_prefix(bytes.data() + i * (kPrefixSize + size), false, static_cast<std::uint32_t>(size));
  }
  return bytes;
}

// Many messages in what one read brought. The argument: bytes in each message.
void split_a_batch(benchmark::State& state) {
  constexpr std::size_t kCount = 1000;
  const auto bytes = messages(kCount, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::span<const std::byte> unread(bytes);
    std::size_t found = 0;
    for (;;) {
      const FrameStep step = next_message(unread, 1 << 20);
      if (step.kind != Frame::message) break;
      benchmark::DoNotOptimize(step.message.data());
      unread = unread.subspan(step.needed);
      ++found;
    }
    if (found != kCount) return state.SkipWithError("lost count");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCount));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(split_a_batch)->Arg(13)->Arg(64)->Arg(1024);

// Small messages that arrive in still smaller pieces: asked again only when enough is there.
void wait_for_messages_in_pieces(benchmark::State& state) {
  constexpr std::size_t kCount = 1000;
  constexpr std::size_t kPiece = 7;
  const auto bytes = messages(kCount, 13);
  for (auto _ : state) {
    std::size_t found = 0;
    std::size_t at = 0;
    std::size_t needed = kPrefixSize;
    for (std::size_t have = kPiece; found < kCount; have = std::min(have + kPiece, bytes.size())) {
      while (found < kCount && have - at >= needed) {
        const FrameStep step = next_message(std::span(bytes).subspan(at, have - at), 1 << 20);
        benchmark::DoNotOptimize(step.message.data());
        needed = step.needed;
        if (step.kind != Frame::message) continue;
        at += std::exchange(needed, kPrefixSize);
        ++found;
      }
    }
    if (at != bytes.size()) return state.SkipWithError("lost count");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCount));
}
BENCHMARK(wait_for_messages_in_pieces);

void write_prefixes(benchmark::State& state) {
  std::vector<std::byte> out(kPrefixSize * 1000);
  for (auto _ : state) {
    benchmark::DoNotOptimize(out.data());
    for (std::size_t i = 0; i < 1000; ++i) {
      write_prefix(out.data() + i * kPrefixSize, false, static_cast<std::uint32_t>(i));
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(write_prefixes);

}  // namespace
}  // namespace pintle::wire
