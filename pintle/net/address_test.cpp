#include <pintle/net/address.hpp>

#include <string>

#include <gtest/gtest.h>

namespace pintle::net {
namespace {

std::string show(const Result<Target>& t) {
  if (!t) return std::string(code_name(t.error().code()));
  if (t->kind == Target::Kind::dns) return fmt::format("dns[{}] {} {}", t->authority, t->host, t->port);
  std::string all;
  for (const SockAddress& a : t->addresses) all += (all.empty() ? "" : " ") + a.to_string();
  return all;
}

TEST(ParseTarget, ReadsEveryScheme) {
  const std::pair<const char*, const char*> cases[] = {
      {"items.shop.svc:50051", "dns[] items.shop.svc 50051"},
      {"items", "dns[] items 443"},
      {"dns:items:80", "dns[] items 80"},
      {"dns:///items:80", "dns[] items 80"},
      {"dns:///items", "dns[] items 443"},
      {"dns://10.0.0.2:53/items:80", "dns[10.0.0.2:53] items 80"},
      {"127.0.0.1:50051", "ipv4:127.0.0.1:50051"},
      {"dns:///[::1]:7", "ipv6:[::1]:7"},
      {"[::1]:50051", "ipv6:[::1]:50051"},
      {"::1", "ipv6:[::1]:443"},
      {"ipv4:10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1 ipv4:10.0.0.2:2"},
      {"ipv4:10.0.0.1", "ipv4:10.0.0.1:443"},
      {"ipv6:[2001:db8::1]:9", "ipv6:[2001:db8::1]:9"},
      {"ipv6:[2001:db8::1]:9,[::2]:8", "ipv6:[2001:db8::1]:9 ipv6:[::2]:8"},
      {"ipv6:2001:db8::1", "ipv6:[2001:db8::1]:443"},
      {"unix:relative.sock", "unix:relative.sock"},
      {"unix:/run/items.sock", "unix:/run/items.sock"},
      {"unix:///run/items.sock", "unix:/run/items.sock"},
      {"unix-abstract:items", "unix-abstract:items"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(show(parse_target(text)), wanted) << text;
}

TEST(ParseTarget, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no host"},
      {":80", "no host"},
      {"host:port", "'port'"},
      {"host:65536", "'65536'"},
      {"host:-1", "'-1'"},
      {"host:", "''"},
      {"a:b:c", "neither host:port"},
      {"[::1", "closing bracket"},
      {"[::1]x", "after its bracket"},
      {"[host]:80", "only an IPv6 address"},
      {"http://host:80", "'http'"},
      {"dns://8.8.8.8", "no name"},
      {"ipv4:host:80", "'host'"},
      {"ipv4:[::1]:80", "not an IPv4"},
      {"ipv6:1.2.3.4:80", "not an IPv6"},
      {"ipv4:1.2.3.4:80,", "not an IPv4"},
      {"unix:", "needs a path"},
      {"unix://relative/x", "absolute path"},
      {"unix-abstract:", "1 to 107"},
      {"two words:80", "not a host name"},
  };
  for (const auto& [text, part] : cases) {
    const auto t = parse_target(text);
    ASSERT_FALSE(t) << text;
    EXPECT_EQ(t.error().code(), Code::invalid_argument) << text;
    EXPECT_NE(t.error().message().find(part), std::string_view::npos) << text << ": " << t.error().to_string();
  }
  EXPECT_FALSE(parse_target("unix:" + std::string(108, 'x')));
  EXPECT_TRUE(parse_target("unix:" + std::string(107, 'x')));
}

TEST(ParseTarget, GivesTheDefaultAuthority) {
  EXPECT_EQ(parse_target("dns:///items:80")->default_authority, "items:80");
  EXPECT_EQ(parse_target("items")->default_authority, "items:443");
  EXPECT_EQ(parse_target("ipv6:[::1]:9,[::2]:8")->default_authority, "[::1]:9");
  EXPECT_EQ(parse_target("unix:/x")->default_authority, "localhost");
}

TEST(ParseListenAddress, ReadsWhatNeedsNoNameServer) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1:0", "ipv4:127.0.0.1:0"},
      {"localhost:5", "ipv4:127.0.0.1:5"},
      {":80", "ipv6:[::]:80"},
      {"*:80", "ipv6:[::]:80"},
      {"[::1]:80", "ipv6:[::1]:80"},
      {"unix:/x", "unix:/x"},
      {"unix-abstract:x", "unix-abstract:x"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto a = parse_listen_address(text);
    ASSERT_TRUE(a) << text << ": " << a.error().to_string();
    EXPECT_EQ(a->to_string(), wanted);
  }
  for (const char* text : {"host:80", "127.0.0.1", "dns:///x:1", "ipv4:1.1.1.1:1,2.2.2.2:2", ""})
    EXPECT_FALSE(parse_listen_address(text)) << text;
}

TEST(SockAddress, ChangesItsPortOnly) {
  const auto a = SockAddress::from_ip("10.1.2.3", 7).value();
  EXPECT_EQ(a.with_port(9).to_string(), "ipv4:10.1.2.3:9");
  EXPECT_EQ(a.with_port(9).with_port(7), a);
  EXPECT_FALSE(a.with_port(9) == a);
  EXPECT_EQ(a.ip(), "10.1.2.3");
}

}  // namespace
}  // namespace pintle::net
