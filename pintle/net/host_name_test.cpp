// One host, three readers.
#include <pintle/net/host_name.hpp>

#include <gtest/gtest.h>

#include <pintle/net/address.hpp>

namespace pintle::net {
namespace {

struct Row {
  std::string_view host, authority, certificate, sni;
};

TEST(HostNames, HaveOneFormForEachUse) {
  const Row table[] = {
      {"shop.example", "shop.example", "shop.example", "shop.example"},
      {"Shop.EXAMPLE", "shop.example", "shop.example", "shop.example"},
      {"shop.example.", "shop.example.", "shop.example", "shop.example"},
      {"localhost", "localhost", "localhost", "localhost"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", "xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"a_b.example", "a_b.example", "a_b.example", "a_b.example"},
      {"127.0.0.1", "127.0.0.1", "127.0.0.1", ""},
      {"::1", "[::1]", "::1", ""},
      {"[::1]", "[::1]", "::1", ""},
      {"::1%lo", "[::1]", "::1", ""},
      {"[fe80::1%25eth0]", "[fe80::1]", "fe80::1", ""},
      {"FE80:0:0:0:0:0:0:1%1", "[fe80::1]", "fe80::1", ""},
      {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]", "::ffff:192.0.2.1", ""},
      {"1.2.3", "1.2.3", "1.2.3", "1.2.3"},
      {"", "", "", ""},
  };
  for (const Row& row : table) {
    const HostName name(row.host);
    EXPECT_EQ(name.authority, row.authority) << row.host;
    EXPECT_EQ(name.certificate, row.certificate) << row.host;
    EXPECT_EQ(name.sni, row.sni) << row.host;
    EXPECT_EQ(name.is_address, row.sni.empty() && !row.host.empty()) << row.host;
  }
}

TEST(HostNames, AreInTheAuthorityOfATarget) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"dns:///Shop.Example:50051", "shop.example:50051"},
      {"shop.example.:7", "shop.example.:7"},
      {"[::1%lo]:50051", "[::1]:50051"},
      {"ipv6:[::1%lo]:50051", "[::1]:50051"},
      {"ipv6:[0:0:0:0:0:0:0:1]:7", "[::1]:7"},
      {"ipv4:127.0.0.1:7", "127.0.0.1:7"},
      {"unix:/tmp/socket", "localhost"},
  };
  for (const auto& [target, authority] : table) {
    const auto parsed = parse_target(target);
    ASSERT_TRUE(parsed.has_value()) << target << ": " << parsed.error().to_string();
    EXPECT_EQ(parsed->default_authority, authority) << target;
  }
}

}  // namespace
}  // namespace pintle::net
