// Compressed messages: what a loop pays for one, both ways, in each coding.

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include <benchmark/benchmark.h>

#include <pintle/wire/compression.hpp>

namespace pintle::wire {
namespace {

// Records like those of a service: ids, words out of a small vocabulary, numbers.
std::string records(std::size_t size) {
  static constexpr const char* kWords[] = {"blue",    "small", "lamp",  "oak",   "table",   "with",   "two",
                                           "drawers", "brass", "chair", "for",   "the",     "garden", "large",
                                           "window",  "green", "glass", "shelf", "folding", "linen"};
  std::mt19937 chance(7);
  std::string out;
  while (out.size() < size) {
    out += "\x0a\x18items/" + std::to_string(chance()) + "\x12\x20";
    for (int i = 0; i < 8; ++i) out.append(kWords[chance() % std::size(kWords)]).push_back(' ');
    for (int i = 0; i < 6; ++i) out.push_back(static_cast<char>(chance()));
  }
  out.resize(size);
  return out;
}

// The arguments: which coding, bytes in a message.
void arguments(benchmark::internal::Benchmark* bench) {
  for (const Encoding encoding : {Encoding::gzip, Encoding::deflate, Encoding::zstd})
    for (const std::int64_t size : {200, 1500, 15'000, 60'000})
      bench->Args({static_cast<std::int64_t>(encoding), size});
}

void compress(benchmark::State& state) {
  const auto encoding = static_cast<Encoding>(state.range(0));
  const std::string message = records(static_cast<std::size_t>(state.range(1)));
  Codec codec;
  std::size_t packed = message.size();
  for (auto _ : state) {
    const auto bytes = codec.compress(encoding, std::as_bytes(std::span(message)));
    if (bytes) packed = bytes->size();
    benchmark::DoNotOptimize(packed);
  }
  state.SetLabel(std::string(encoding_name(encoding)));
  state.SetBytesProcessed(state.iterations() * state.range(1));
  state.counters["share"] = static_cast<double>(packed) / static_cast<double>(message.size());
}
BENCHMARK(compress)->Apply(arguments);

void decompress(benchmark::State& state) {
  const auto encoding = static_cast<Encoding>(state.range(0));
  const std::string message = records(static_cast<std::size_t>(state.range(1)));
  Codec sender, codec;
  const auto packed = sender.compress(encoding, std::as_bytes(std::span(message)));
  if (!packed) return state.SkipWithError("it does not get smaller");
  Buffer out;
  for (auto _ : state) {
    if (!codec.decompress(encoding, *packed, message.size(), out).ok()) return state.SkipWithError("broken");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(std::string(encoding_name(encoding)));
  state.SetBytesProcessed(state.iterations() * state.range(1));
}
BENCHMARK(decompress)->Apply(arguments);

}  // namespace
}  // namespace pintle::wire
