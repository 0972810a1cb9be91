// Input: which of the forms, then a text. What is read as a context is valid, and says the same when it is written and
// read again; a state that may travel is a list of members.
#include <cstdint>
#include <optional>
#include <string_view>

#include "../check.hpp"
#include <pintle/telemetry/tracing/trace_context.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::optional<TraceContext> read, again;
  switch (data[0] % 5) {
    case 0:
      read = parse_traceparent(text);
      if (read) again = parse_traceparent(format_traceparent(*read));
      break;
    case 1:
      read = parse_b3(text);
      if (read) again = parse_b3(format_b3(*read));
      break;
    case 2:
      read = parse_grpc_trace_bin(text);
      if (read) again = parse_grpc_trace_bin(format_grpc_trace_bin(*read));
      break;
    case 3: {
      const std::size_t cut = text.size() / 2;
      read = parse_b3(text.substr(0, cut), text.substr(cut), "1");
      if (read) again = parse_b3(read->trace_id(), read->span_id(), "1");
      break;
    }
    default:
      if (is_tracestate(text)) FUZZ_CHECK(text.size() <= 512 && text.contains('='));
      return 0;
  }
  if (!read) return 0;
  FUZZ_CHECK(read->valid());
  FUZZ_CHECK(again == read);
  return 0;
}
