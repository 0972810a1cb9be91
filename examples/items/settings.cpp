#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "settings.hpp"

namespace items {

namespace fs = std::filesystem;

std::vector<pintle::ConfigError> faults_of(const config::v1::ItemsConfig& config) {
  std::vector<pintle::ConfigError> faults;
  const auto fault = [&](std::string_view key, std::string problem, std::string mend) {
    faults.push_back({"", 0, 0, std::string(key), std::move(problem), std::move(mend)});
  };
  const auto& pages = config.pages();
  if (pages.default_size() > pages.max_size())
    fault("items.pages.default_size", fmt::format("{} is above items.pages.max_size", pages.default_size()),
          fmt::format("write {} at most", pages.max_size()));
  if (!config.postgres().dsn().empty()) return faults;
  const fs::path path = config.sqlite().path();
  std::error_code unknown;  // then it is no folder that can be used either
  if (fs::is_directory(path, unknown))
    fault("items.sqlite.path", fmt::format("{} is a directory", path.string()), "name a file in it");
  else if (path.has_parent_path() && !fs::is_directory(path.parent_path(), unknown))
    fault("items.sqlite.path", fmt::format("the folder {} is not there", path.parent_path().string()), "make it");
  return faults;
}

}  // namespace items
