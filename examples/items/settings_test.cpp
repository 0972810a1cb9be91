#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "settings.hpp"
#include <pintle/app/app.hpp>

namespace items {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::v1::ItemsConfig with(const std::string& file) {
  config::v1::ItemsConfig config;
  config.mutable_sqlite()->set_path(file);
  return config;
}
std::vector<std::string> told(const config::v1::ItemsConfig& config) {
  std::vector<std::string> lines;
  for (const pintle::ConfigError& error : faults_of(config)) lines.push_back(error.to_string());
  return lines;
}

// After a change of the schema: items --print-reference > docs/reference/configuration.md
TEST(ItemsSettings, ThePageOfAllKeysIsOfToday) {
  std::ifstream page("docs/reference/configuration.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  EXPECT_EQ(text, pintle::config_reference("items", {pintle::config_section<config::v1::ItemsConfig>("items")}));
}

TEST(ItemsSettings, ADatabaseThatCanBeMadeIsRight) {
  EXPECT_THAT(told(with("items.db")), IsEmpty());
  EXPECT_THAT(told(with(::testing::TempDir() + "items.db")), IsEmpty());
}

TEST(ItemsSettings, WhatTheStartWouldFailOfIsNamed) {
  EXPECT_THAT(told(with("/")), ElementsAre("configuration: items.sqlite.path: / is a directory; name a file in it"));
  EXPECT_THAT(told(with("/no/such/items.db")), ElementsAre(HasSubstr("the folder /no/such is not there")));
}

TEST(ItemsSettings, NobodyLooksForAFileThatPostgresReplaces) {
  auto config = with("/no/such/items.db");
  config.mutable_postgres()->set_dsn("host=db");
  EXPECT_THAT(told(config), IsEmpty());
}

}  // namespace
}  // namespace items
