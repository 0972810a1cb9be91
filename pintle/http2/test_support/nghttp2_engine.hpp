// nghttp2's session behind the same lines as Engine, so that the two can be compared frame by frame.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <pintle/http2/options.hpp>
#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>

struct nghttp2_session;

namespace pintle::http2::test {

class Nghttp2Engine final {
 public:
  explicit Nghttp2Engine(Role role);
  Nghttp2Engine(Nghttp2Engine&&) = delete;
  ~Nghttp2Engine();

  // The events since the last call, in Engine's words: "headers", "data", "trailers", "reset ... by peer".
  std::vector<std::string> feed(const std::string& bytes);
  std::vector<std::string> sent();

  std::uint32_t open(bool end_stream);
  // A whole answer: head, `body` and END_STREAM.
  void answer(std::uint32_t id, const std::string& body);
  void reset(std::uint32_t id, ErrorCode code);
  void ping(std::uint64_t tag);
  void notice();

 private:
  struct Callbacks;

  nghttp2_session* session_ = nullptr;
  std::vector<std::string> events_;
  std::string fields_;
  std::string data_;
  std::set<std::int32_t> open_;
  std::map<std::int32_t, std::string> bodies_;
  testing::wire::Trace trace_;
};

}  // namespace pintle::http2::test
