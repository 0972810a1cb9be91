// The stories of stories/, one connection each: what nghttp2 wrote is read, and what we write of the same fields
// nghttp2 reads.
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <boost/json/src.hpp>
#include <gtest/gtest.h>

#include <pintle/http2/hpack/test_support/oracle.hpp>

namespace pintle::http2 {
namespace {

using namespace hpack_test;
using ::testing::Combine;
using ::testing::Values;

constexpr HeaderLimits kWide{.list_size = 1 << 20, .fields = 1000};

// The bytes of a text whose characters are all below 256.
std::string latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    bytes.push_back(c < 0x80 ? utf8[i] : static_cast<char>((c & 3) << 6 | (utf8[++i] & 0x3f)));
  }
  return bytes;
}

struct Case {
  std::vector<std::uint32_t> table_sizes;  // announced and acknowledged before it, in this order
  std::string wire;
  Pairs headers;
};

std::vector<Case> read_story(const std::string& name) {
  const std::string path = "pintle/http2/hpack/stories/" + name + ".json";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("there is no " + path + "; run the test in the root of the tree");
  std::stringstream text;
  text << file.rdbuf();
  const boost::json::value story = boost::json::parse(text.str());
  std::vector<Case> cases;
  for (const boost::json::value& item : story.at("cases").as_array()) {
    Case& one = cases.emplace_back();
    if (const boost::json::value* sizes = item.as_object().if_contains("header_table_size")) {
      if (sizes->is_array()) {
        for (const auto& size : sizes->get_array()) one.table_sizes.push_back(size.to_number<std::uint32_t>());
      } else {
        one.table_sizes.push_back(sizes->to_number<std::uint32_t>());
      }
    }
    one.wire = hex(item.at("wire").as_string());
    for (const auto& header : item.at("headers").as_array())
      for (const auto& [key, value] : header.as_object()) one.headers.emplace_back(key, latin1(value.as_string()));
  }
  return cases;
}

using Names = std::tuple<const char*, const char*>;

class HpackStory : public ::testing::TestWithParam<Names> {
 protected:
  std::vector<Case> cases() const {
    return read_story(std::string(std::get<0>(GetParam())) + "." + std::get<1>(GetParam()));
  }
};

TEST_P(HpackStory, IsRead) {
  HpackDecoder decoder;
  for (std::size_t i = 0; const Case& one : cases()) {
    for (const std::uint32_t size : one.table_sizes) decoder.set_table_size(size);
    const Decoded decoded = decode(decoder, one.wire, kWide);
    ASSERT_EQ(decoded.outcome, DecodeOutcome::ok) << "block " << i;
    ASSERT_EQ(decoded.fields, one.headers) << "block " << i;
    ++i;
  }
}

TEST_P(HpackStory, IsWrittenSoThatNghttp2ReadsIt) {
  HpackEncoder encoder(65'536);
  OracleDecoder oracle;
  for (std::size_t i = 0; const Case& one : cases()) {
    for (const std::uint32_t size : one.table_sizes) {
      encoder.set_peer_table_size(size);
      oracle.set_table_size(size);
    }
    ASSERT_EQ(oracle.decode(encode(encoder, one.headers)), one.headers) << "block " << i;
    ++i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , HpackStory,
    Combine(Values("grpc_requests", "grpc_responses", "page_requests", "page_responses", "odd_fields"),
            Values("default", "no_table", "small_table", "large_table", "changes", "several_changes")),
    [](const auto& info) { return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param); });

}  // namespace
}  // namespace pintle::http2
