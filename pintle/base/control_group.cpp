#include <pintle/base/control_group.hpp>

#include <fstream>
#include <string>

namespace pintle {
namespace {

namespace fs = std::filesystem;
using Visit = std::function<void(const fs::path& group, int version)>;

// The group itself and all above it, up to the mount. In a container the path may name a group that only the host sees:
// the mount itself is then the container's own group, and the others are missing.
void along(const fs::path& mount, std::string_view group, int version, const Visit& visit) {
  while (!group.empty() && group.front() == '/') group.remove_prefix(1);
  for (fs::path below(group); !below.empty(); below = below.parent_path()) visit(mount / below, version);
  visit(mount, version);
}

bool contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

void visit_control_groups(const fs::path& root, std::string_view controller, const Visit& visit) {
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "hierarchy:controllers:path"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const auto path = std::string_view(line).substr(second + 1);
    const fs::path mounts = root / "sys/fs/cgroup";
    if (controllers.empty()) {
      along(mounts, path, 2, visit);
      along(mounts / "unified", path, 2, visit);
    } else if (contains(controllers, controller)) {
      along(mounts / std::string(controllers), path, 1, visit);
      along(mounts / std::string(controller), path, 1, visit);
    }
  }
}

}  // namespace pintle
