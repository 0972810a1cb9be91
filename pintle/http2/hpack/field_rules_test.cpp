#include <pintle/http2/hpack/internal/field_rules.hpp>

#include <gtest/gtest.h>

#include <pintle/http2/hpack/internal/static_table.hpp>
#include <pintle/http2/hpack/test_support/fields.hpp>

namespace pintle::http2::hpack {
namespace {

using namespace std::string_view_literals;

TEST(FieldRules, NamesByByte) {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const bool allowed = c > 0x20 && c < 0x7f && (c < 'A' || c > 'Z') && c != ':';
    EXPECT_EQ(is_valid_name(std::string("x") + byte), allowed) << c;
    EXPECT_EQ(is_valid_name(std::string(":x") + byte + "y"), allowed) << c;
    EXPECT_EQ(is_valid_name(std::string(1, byte)), allowed) << c;
  }
  EXPECT_FALSE(is_valid_name(""));
  EXPECT_FALSE(is_valid_name(":"));
  EXPECT_FALSE(is_valid_name("::a"));
  EXPECT_TRUE(is_valid_name(":path"));
}

TEST(FieldRules, ValuesByByteAndPlace) {
  for (int c = 0; c < 256; ++c) {
    for (std::size_t size = 3; size < 20; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string value(size, 'v');
        value[at] = static_cast<char>(c);
        const bool end = at == 0 || at == size - 1;
        const bool refused = c == 0 || c == '\r' || c == '\n' || (end && (c == ' ' || c == '\t'));
        ASSERT_EQ(is_valid_value(value), !refused) << c << " at " << at << " of " << size;
      }
    }
  }
  EXPECT_TRUE(is_valid_value(""));
  EXPECT_FALSE(is_valid_value(" "));
  EXPECT_FALSE(is_valid_value("\0"sv));
}

TEST(FieldRules, Tokens) {
  constexpr std::pair<std::string_view, Token> kNames[] = {
      {":authority", Token::authority},
      {":method", Token::method},
      {":path", Token::path},
      {":scheme", Token::scheme},
      {":status", Token::status},
      {":protocol", Token::unknown_pseudo},
      {":", Token::unknown_pseudo},
      {"connection", Token::connection},
      {"keep-alive", Token::keep_alive},
      {"proxy-connection", Token::proxy_connection},
      {"transfer-encoding", Token::transfer_encoding},
      {"upgrade", Token::upgrade},
      {"te", Token::te},
      {"host", Token::host},
      {"content-length", Token::content_length},
      {"content-type", Token::content_type},
      {"cookie", Token::cookie},
      {"user-agent", Token::user_agent},
      {"authorization", Token::authorization},
      {"grpc-timeout", Token::grpc_timeout},
      {"grpc-encoding", Token::grpc_encoding},
      {"grpc-accept-encoding", Token::grpc_accept_encoding},
      {"grpc-status", Token::grpc_status},
      {"grpc-message", Token::grpc_message},
      {"grpc-status-details-bin", Token::grpc_status_details_bin},
      {"grpc-", Token::grpc_other},
      {"grpc-statuses", Token::grpc_other},
      {"grpc", Token::other},
      {"", Token::other},
      {"Te", Token::other},
      {"x-request-id", Token::other},
  };
  for (const auto& [name, token] : kNames) EXPECT_EQ(token_of(name), token) << name;
}

TEST(FieldRules, StaticEntriesCarryTheirMeaning) {
  EXPECT_EQ(kStaticTable[3].token, Token::method);
  EXPECT_EQ(kStaticTable[8].token, Token::status);
  EXPECT_EQ(kStaticTable[31].token, Token::content_type);
  EXPECT_EQ(kStaticTable[61].name, "www-authenticate");
  for (std::uint32_t i = 1; i <= kStaticEntries; ++i) {
    EXPECT_TRUE(is_valid_name(kStaticTable[i].name)) << i;
    EXPECT_EQ(kStaticTable[i].annotation, nullptr);
  }
}

// The same verdicts reach the user by every way into the list, and stay with the entry.
TEST(FieldRules, VerdictsStayWithTheEntry) {
  const auto hex = hpack_test::hex;
  HpackDecoder d;
  HeaderList list;
  // "A": "b", "te": " c", "te" again by the name's index with "ok", each inserted.
  ASSERT_EQ(d.decode(hpack_test::bytes_of(hex("40014101 62 4002746502 2063 7e026f6b")), {}, list), DecodeOutcome::ok);
  ASSERT_EQ(d.decode(hpack_test::bytes_of(hex("c0bfbe 0f 31 00")), {}, list), DecodeOutcome::ok);
  ASSERT_EQ(list.size(), 7U);
  for (const std::size_t first : {0U, 3U}) {
    EXPECT_FALSE(list[first].valid_name);
    EXPECT_TRUE(list[first].valid_value);
    EXPECT_EQ(list[first].token, Token::other);
    EXPECT_TRUE(list[first + 1].valid_name);
    EXPECT_FALSE(list[first + 1].valid_value);
    EXPECT_EQ(list[first + 1].token, Token::te);
    EXPECT_TRUE(list[first + 2].valid_value);
    EXPECT_EQ(list[first + 2].token, Token::te);
  }
  EXPECT_FALSE(list[6].valid_name);  // a literal with the name of the bad entry
}

}  // namespace
}  // namespace pintle::http2::hpack
