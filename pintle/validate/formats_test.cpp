#include <pintle/validate/formats.hpp>

#include <string>

#include <gtest/gtest.h>

namespace pintle::validate {
namespace {

TEST(Formats, Email) {
  for (const char* good : {"a@b", "first.last+tag@example.com", "!#$%&'*+/=?^_`{|}~-@x", "a@1.2"})
    EXPECT_TRUE(is_email(good)) << good;
  for (const char* bad : {"", "@b", "a@", "a@b.", "a@-b", "a@b-", "a b@c", "a@b@c", "a@b c", "\xc3\xa4@b", "a@b.c\n"})
    EXPECT_FALSE(is_email(bad)) << bad;
}

TEST(Formats, Hostname) {
  for (const char* good : {"a", "example.com", "example.com.", "a-b.c1", "1a", "xn--bcher-kva"})
    EXPECT_TRUE(is_hostname(good)) << good;
  for (const std::string& bad : {std::string(), std::string("."), std::string("a..b"), std::string("-a"),
                                 std::string("a-"), std::string("127.0.0.1"), std::string("1"), std::string("a_b"),
                                 std::string(64, 'a'), std::string(253, 'a') + "x"})
    EXPECT_FALSE(is_hostname(bad)) << bad;
}

TEST(Formats, Ip) {
  for (const char* good : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "fe80::1%eth0",
                           "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1::8"})
    EXPECT_TRUE(is_ip(good)) << good;
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "::1::", "12345::", "1:2:3:4:5:6:7:8::", "fe80::1%", "::1 ", "1:", ":1", "::1.2.3", "1.2.3.4%eth0"})
    EXPECT_FALSE(is_ip(bad)) << bad;
  EXPECT_FALSE(is_ip("::1", IpVersion::v4));
  EXPECT_FALSE(is_ip("1.2.3.4", IpVersion::v6));
}

TEST(Formats, IpPrefix) {
  EXPECT_TRUE(is_ip_prefix("10.0.0.1/8", IpVersion::any, false));
  EXPECT_FALSE(is_ip_prefix("10.0.0.1/8", IpVersion::any, true));
  EXPECT_TRUE(is_ip_prefix("10.0.0.0/8", IpVersion::v4, true));
  EXPECT_TRUE(is_ip_prefix("fd00::/8", IpVersion::v6, true));
  for (const char* bad :
       {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "::1/129", "fe80::1%a/64", "/8", "10.0.0.0/-1"})
    EXPECT_FALSE(is_ip_prefix(bad, IpVersion::any, false)) << bad;
}

TEST(Formats, HostAndPort) {
  for (const char* good : {"a:0", "example.com:65535", "127.0.0.1:80", "[::1]:80"})
    EXPECT_TRUE(is_host_and_port(good)) << good;
  for (const char* bad :
       {"a", "a:", "a:65536", "a:01", "::1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", ":80", "a:-1", "a: 1"})
    EXPECT_FALSE(is_host_and_port(bad)) << bad;
}

TEST(Formats, Uri) {
  for (const char* good : {"https://a", "https://u:p@h:80/p?q=1#f", "urn:a:b", "mailto:a@b", "file:///x",
                           "http://[::1]:1/", "http://[v1.x]/", "x:", "http://h/%41", "http://h?a/b?c"})
    EXPECT_TRUE(is_uri(good)) << good;
  for (const char* bad : {"", "a", "/a", "1a://b", "http://h/ b", "http://h/%4", "http://[::1", "http://h:x/",
                          "http://h/a#b#c", "ht_p:x", "http://a@b@c/", "http://h\n", "http://%ff/"})
    EXPECT_FALSE(is_uri(bad)) << bad;
  for (const char* good : {"", "/a", "a/b", "?q", "#f", "//h/p", "a/b:c"}) EXPECT_TRUE(is_uri_reference(good)) << good;
  for (const char* bad : {"a b", "1:a", "%"}) EXPECT_FALSE(is_uri_reference(bad)) << bad;
}

TEST(Formats, Identifiers) {
  EXPECT_TRUE(is_uuid("123e4567-e89b-12d3-a456-426614174000"));
  EXPECT_FALSE(is_uuid("123e4567e89b12d3a456426614174000"));
  EXPECT_TRUE(is_trimmed_uuid("123e4567e89b12d3a456426614174000"));
  EXPECT_TRUE(is_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_FALSE(is_ulid("81ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_FALSE(is_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAU"));
  EXPECT_TRUE(is_protobuf_name("a.B_1.c"));
  for (const char* bad : {"", ".a", "a.", "1a", "a..b", "a-b"}) EXPECT_FALSE(is_protobuf_name(bad)) << bad;
  EXPECT_TRUE(is_header_name(":path", true));
  EXPECT_FALSE(is_header_name("a b", true));
  EXPECT_TRUE(is_header_name("a b", false));
  EXPECT_FALSE(is_header_value("a\x01", true));
  EXPECT_TRUE(is_header_value("a\tb", true));
}

TEST(Formats, Utf8) {
  for (const char* good : {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\x80", "\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad));
  EXPECT_EQ(count_characters("\xc3\xa4"
                             "b\xf0\x9f\x98\x80"),
            3u);
}

}  // namespace
}  // namespace pintle::validate
