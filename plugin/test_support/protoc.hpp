// Runs the real protoc with the real plugin, as a build does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pintle::plugin {

struct Outcome {
  int code = 0;
  std::string output;  // stdout and stderr
};

// `protoc --plugin=... --pintle_out=OUT ARGUMENTS` in the folder `in`.
Outcome run_protoc(const std::filesystem::path& in, const std::filesystem::path& out,
                   const std::vector<std::string>& arguments);

// A folder that is removed with its contents.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& text);

}  // namespace pintle::plugin
