// HPACK: the header blocks of a unary call, both ways.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/hpack/decoder.hpp>
#include <pintle/http2/hpack/encoder.hpp>

namespace pintle::http2 {
namespace {

std::vector<std::pair<std::string, std::string>> request_fields(int metadata_entries) {
  std::vector<std::pair<std::string, std::string>> fields{{":method", "POST"},
                                                          {":scheme", "http"},
                                                          {":path", "/pintle.bench.v1.Echo/Unary"},
                                                          {":authority", "127.0.0.1:50051"},
                                                          {"content-type", "application/grpc"},
                                                          {"te", "trailers"},
                                                          {"user-agent", "pintle-bench"}};
  for (int i = 0; i < metadata_entries; ++i) {
    fields.emplace_back("x-entry-" + std::to_string(i), "the value of entry " + std::to_string(i));
  }
  return fields;
}

void decode(benchmark::State& state, HpackDecoder& decoder, const Buffer& block) {
  HeaderList fields;
  for (auto _ : state) {
    fields.clear();
    if (decoder.decode(block.bytes(), {}, fields) != DecodeOutcome::ok) return state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(fields.data());
  }
  state.SetItemsProcessed(state.iterations());
}

// The second and every later request of a connection: indices only. The argument: how many metadata entries come along.
void decode_indexed_request(benchmark::State& state) {
  const PreparedBlock request(1, request_fields(static_cast<int>(state.range(0))));
  HpackEncoder encoder;
  HpackDecoder decoder;
  HeaderList fields;
  Buffer first;
  encoder.encode(request, {}, first);
  if (decoder.decode(first.bytes(), {}, fields) != DecodeOutcome::ok) return state.SkipWithError("not decoded");
  Buffer block;
  encoder.encode(request, {}, block);
  decode(state, decoder, block);
}
BENCHMARK(decode_indexed_request)->Arg(0)->Arg(8);

// A client without a dynamic table: every request spells everything out.
void decode_literal_request(benchmark::State& state) {
  const auto fields = request_fields(static_cast<int>(state.range(0)));
  std::vector<OutField> out;
  for (const auto& [name, value] : fields) out.push_back({name, value, Indexing::without});
  HpackEncoder encoder(0);
  HpackDecoder decoder;
  Buffer block;
  encoder.encode(out, block);
  decode(state, decoder, block);
}
BENCHMARK(decode_literal_request)->Arg(0)->Arg(8);

// A response's head and trailers, as a warm connection sends them.
void encode_prepared_response(benchmark::State& state) {
  const PreparedBlock head(1, {{":status", "200"}, {"content-type", "application/grpc"}});
  const PreparedBlock trailers(2, {{"grpc-status", "0"}});
  HpackEncoder encoder;
  Buffer out;
  for (auto _ : state) {
    out.clear();
    encoder.encode(head, {}, out);
    encoder.encode(trailers, {}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_prepared_response);

// The same with a field that changes from call to call.
void encode_prepared_and_literal(benchmark::State& state) {
  const PreparedBlock request(1, request_fields(0));
  const std::array<OutField, 1> more{OutField{"grpc-timeout", "199998u", Indexing::without}};
  HpackEncoder encoder;
  Buffer out;
  for (auto _ : state) {
    out.clear();
    encoder.encode(request, more, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_prepared_and_literal);

}  // namespace
}  // namespace pintle::http2
