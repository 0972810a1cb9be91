// What the plugin writes, byte by byte: one folder below golden/ per edge case. golden/update writes them anew.
#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test_support/protoc.hpp"

namespace pintle::plugin {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = PINTLE_GOLDEN;

// The files below `folder` whose names end so, relative to it, in order.
std::vector<std::string> files_below(const fs::path& folder, const std::vector<std::string>& endings) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), folder).string();
    for (const std::string& ending : endings)
      if (name.ends_with(ending)) found.push_back(name);
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kGolden))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, IsWhatThePluginWrites) {
  const fs::path folder = kGolden / GetParam();
  const TemporaryFolder out;
  std::vector<std::string> arguments = files_below(folder, {".proto"});
  if (fs::exists(folder / "parameters")) {
    std::string parameters = read_file(folder / "parameters");
    parameters.erase(parameters.find_last_not_of('\n') + 1);
    arguments.push_back("--pintle_opt=" + parameters);
  }
  const Outcome run = run_protoc(folder, out.path(), arguments);
  ASSERT_EQ(run.code, 0) << run.output;

  const std::vector<std::string> expected = files_below(folder, {".pintle.hpp", ".pintle.cpp"});
  EXPECT_EQ(files_below(out.path(), {""}), expected);
  for (const std::string& name : expected)
    EXPECT_EQ(read_file(out.path() / name), read_file(folder / name)) << name << "; golden/update writes it anew";
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(cases()), [](const auto& info) { return info.param; });

// A case that is compared but not compiled would prove half of it.
TEST(GoldenFolders, AreAllCompiled) {
  std::istringstream compiled(PINTLE_GOLDEN_CASES);
  std::set<std::string> names;
  for (std::string name; compiled >> name;) names.insert(name);
  const std::vector<std::string> all = cases();
  EXPECT_EQ(names, std::set<std::string>(all.begin(), all.end()));
}

}  // namespace
}  // namespace pintle::plugin
