// For the tests of the configuration: an application's section, and a process that exists in memory only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/app/config/shop_test.pb.h>

namespace pintle::app::testing {

inline std::vector<ConfigSection> shop_sections() { return {ConfigSection("shop", Shop::default_instance())}; }

// A file "shop.yaml" with that text, named on the command line.
class TestInput {
 public:
  TestInput() = default;
  explicit TestInput(std::string yaml) { file("shop.yaml", std::move(yaml)).flag("--config").flag("shop.yaml"); }

  TestInput& file(const std::string& name, std::string text) {
    files_[name] = std::move(text);
    return *this;
  }
  TestInput& flag(std::string text) {
    input_.argument(std::move(text));
    return *this;
  }
  TestInput& variable(std::string name, std::string value) {
    input_.variable(std::move(name), std::move(value));
    return *this;
  }

  ConfigInput get() const {
    ConfigInput input = input_;
    input.files([files = files_](const std::string& path) -> std::expected<std::string, std::string> {
      const auto at = files.find(path);
      if (at == files.end()) return std::unexpected("no such file");
      return at->second;
    });
    return input;
  }

 private:
  ConfigInput input_;
  std::map<std::string, std::string> files_;
};

}  // namespace pintle::app::testing
