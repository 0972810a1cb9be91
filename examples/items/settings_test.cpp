#include <gmock/gmock.h>

#include "settings.hpp"

namespace items {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::v1::ItemsConfig with(int pages, int at_most, const std::string& file) {
  config::v1::ItemsConfig config;
  config.mutable_pages()->set_default_size(pages);
  config.mutable_pages()->set_max_size(at_most);
  config.mutable_sqlite()->set_path(file);
  return config;
}
std::vector<std::string> told(const config::v1::ItemsConfig& config) {
  std::vector<std::string> lines;
  for (const pintle::ConfigError& error : faults_of(config)) lines.push_back(error.to_string());
  return lines;
}

TEST(ItemsSettings, ADatabaseThatCanBeMadeIsRight) {
  EXPECT_THAT(told(with(50, 50, "items.db")), IsEmpty());
  EXPECT_THAT(told(with(50, 500, ::testing::TempDir() + "items.db")), IsEmpty());
}

TEST(ItemsSettings, WhatTheStartWouldFailOfIsNamed) {
  EXPECT_THAT(told(with(50, 500, "/")),
              ElementsAre("configuration: items.sqlite.path: / is a directory; name a file in it"));
  EXPECT_THAT(told(with(50, 500, "/no/such/items.db")), ElementsAre(HasSubstr("the folder /no/such is not there")));
  EXPECT_THAT(told(with(501, 500, "/")),
              ElementsAre(HasSubstr("501 is above items.pages.max_size; write 500"), ::testing::_));
}

TEST(ItemsSettings, NobodyLooksForAFileThatPostgresReplaces) {
  auto config = with(50, 500, "/no/such/items.db");
  config.mutable_postgres()->set_dsn("host=db");
  EXPECT_THAT(told(config), IsEmpty());
}

}  // namespace
}  // namespace items
