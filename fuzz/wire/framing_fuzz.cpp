// Input: how many bytes arrive at a time, a limit, then the bytes of a stream. However they are cut, the same messages
// come out, and the same error at the end.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../check.hpp"
#include <pintle/wire/framing.hpp>

namespace {

struct Outcome {
  std::vector<std::string> messages;
  pintle::wire::Frame end = pintle::wire::Frame::need_more;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view stream, std::size_t at_a_time, std::size_t limit) {
  using namespace pintle::wire;
  Outcome outcome;
  std::string unread;
  while (!stream.empty()) {
    const std::size_t n = std::min(at_a_time, stream.size());
    unread.append(stream.substr(0, n));
    stream.remove_prefix(n);
    while (true) {
      const FrameStep step = next_message(std::as_bytes(std::span(unread)), limit);
      if (step.kind == Frame::need_more) {
        FUZZ_CHECK(step.needed > unread.size());
        break;
      }
      if (step.kind != Frame::message) {
        outcome.end = step.kind;
        return outcome;
      }
      FUZZ_CHECK(step.message.size() <= limit && step.needed == kPrefixSize + step.message.size());
      outcome.messages.emplace_back(reinterpret_cast<const char*>(step.message.data()), step.message.size());
      unread.erase(0, step.needed);
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t at_a_time = 1 + data[0] % 16, limit = std::size_t{data[1]} * 4;
  FUZZ_CHECK(read(stream, at_a_time, limit) == read(stream, stream.size(), limit));
  return 0;
}
