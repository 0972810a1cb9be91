#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "settings.hpp"

namespace items {

namespace fs = std::filesystem;

std::vector<pintle::ConfigError> faults_of(const config::v1::ItemsConfig& config) {
  std::vector<pintle::ConfigError> faults;
  const auto fault = [&](std::string problem, std::string mend) {
    faults.push_back({"", 0, 0, "items.sqlite.path", std::move(problem), std::move(mend)});
  };
  if (!config.postgres().dsn().empty()) return faults;
  const fs::path path = config.sqlite().path();
  std::error_code unknown;  // then it is no folder that can be used either
  if (fs::is_directory(path, unknown))
    fault(fmt::format("{} is a directory", path.string()), "name a file in it");
  else if (path.has_parent_path() && !fs::is_directory(path.parent_path(), unknown))
    fault(fmt::format("the folder {} is not there", path.parent_path().string()), "make it");
  return faults;
}

}  // namespace items
