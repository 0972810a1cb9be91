#include <cstdlib>
#include <stdexcept>

#include "testing/harness.hpp"

namespace items::testing {

TempFolder::TempFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "items-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {

pintle::RuntimeOptions one_loop() {
  pintle::RuntimeOptions options;
  options.threads = 1;
  return options;
}

}  // namespace

Running::Running() : runtime(one_loop()) { runtime.start(); }

Item some_item(std::string id, std::string sku) {
  Item item;
  item.id = std::move(id);
  item.sku = std::move(sku);
  item.name = "Tea";
  item.description = "in bags\nof ten";
  item.quantity = 7;
  item.price = Money("EUR", 4'990'000);
  item.labels = {{"colour", "green"}, {"shelf", "4"}};
  item.tags = {"drink", "asia"};
  item.created = item.updated = StillTime().now;
  return item;
}

}  // namespace items::testing
