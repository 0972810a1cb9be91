// Frames: the nine bytes, and the small frames that keep a connection going.

#include <cstddef>
#include <cstdint>

#include <benchmark/benchmark.h>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/frame/payload.hpp>
#include <pintle/http2/frame/types.hpp>
#include <pintle/http2/frame/write.hpp>

namespace pintle::http2 {
namespace {

// A read batch of 100 requests, HEADERS and DATA each.
void walk_frame_headers(benchmark::State& state) {
  Buffer batch;
  for (std::uint32_t i = 0; i < 100; ++i) {
    store_frame_header(batch.extend(kFrameHeaderSize),
                       {.length = 7, .type = FrameType::headers, .flags = kEndHeaders, .stream = 2 * i + 1});
    batch.extend(7);
    store_frame_header(batch.extend(kFrameHeaderSize),
                       {.length = 18, .type = FrameType::data, .flags = kEndStream, .stream = 2 * i + 1});
    batch.extend(18);
  }
  for (auto _ : state) {
    std::uint32_t ended = 0;
    for (std::size_t at = 0; at < batch.size();) {
      const FrameHeader header = load_frame_header(batch.data() + at);
      ended += header.type == FrameType::data && header.has(kEndStream) ? 1 : 0;
      at += kFrameHeaderSize + header.length;
    }
    if (ended != 100) return state.SkipWithError("lost count");
  }
  state.SetItemsProcessed(state.iterations() * 200);
}
BENCHMARK(walk_frame_headers);

void write_control_frames(benchmark::State& state) {
  Buffer out;
  for (auto _ : state) {
    out.clear();
    append_window_update(out, 1, 65536);
    append_ping(out, 42, true);
    append_rst_stream(out, 3, ErrorCode::cancel);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * 3);
}
BENCHMARK(write_control_frames);

void parse_padded_headers(benchmark::State& state) {
  Buffer payload;
  payload.push_back(std::byte{4});
  payload.extend(5 + 7 + 4);
  const FrameHeader header{.length = static_cast<std::uint32_t>(payload.size()),
                           .type = FrameType::headers,
                           .flags = kEndHeaders | kPadded | kPriority,
                           .stream = 1};
  for (auto _ : state) {
    auto parsed = parse_headers(header, payload.bytes());
    if (!parsed || parsed->fragment.size() != 7) return state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(parsed->fragment.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_padded_headers);

}  // namespace
}  // namespace pintle::http2
