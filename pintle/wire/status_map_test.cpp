#include <pintle/wire/status_map.hpp>

#include <map>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

TEST(StatusMap, HttpStatusByTheTableAndNothingElse) {
  const std::map<int, Code> table = {
      {400, Code::internal},      {401, Code::unauthenticated}, {403, Code::permission_denied},
      {404, Code::unimplemented}, {429, Code::unavailable},     {502, Code::unavailable},
      {503, Code::unavailable},   {504, Code::unavailable},     {431, Code::internal},
  };
  for (int status = 0; status < 1000; ++status) {
    const auto row = table.find(status);
    EXPECT_EQ(code_from_http_status(status), row == table.end() ? Code::unknown : row->second) << status;
  }
}

TEST(StatusMap, ResetStreams) {
  const std::map<std::uint32_t, Code> table = {
      {0, Code::internal},
      {1, Code::internal},
      {2, Code::internal},
      {3, Code::internal},
      {4, Code::internal},
      {6, Code::internal},
      {7, Code::unavailable},
      {8, Code::cancelled},
      {9, Code::internal},
      {10, Code::internal},
      {11, Code::resource_exhausted},
      {12, Code::permission_denied},
      {14, Code::internal},
      {0xFFFFFFFF, Code::internal},
  };
  for (const auto& [error, code] : table) EXPECT_EQ(code_from_rst_stream(error), code) << error;
}

TEST(StatusMap, EveryCodeComesBack) {
  for (std::uint32_t number = 0; number <= 16; ++number) {
    const Code code = code_from_number(number);
    EXPECT_EQ(format_grpc_status(code), std::to_string(number));
    EXPECT_EQ(parse_grpc_status(format_grpc_status(code)), code);
  }
}

TEST(StatusMap, JunkIsUnknown) {
  for (const char* value : {"", "17", "99", "-1", "+5", " 5", "5 ", "0x5", "5.0", "OK", "NOT_FOUND", "4294967296",
                            "4294967301", "99999999999999999999", "5,5"}) {
    EXPECT_EQ(parse_grpc_status(value), Code::unknown) << value;
  }
}

}  // namespace
}  // namespace pintle::wire
