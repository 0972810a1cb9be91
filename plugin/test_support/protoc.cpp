#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/wait.h>

#include "protoc.hpp"

namespace pintle::plugin {
namespace {

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

Outcome run_protoc(const std::filesystem::path& in, const std::filesystem::path& out,
                   const std::vector<std::string>& arguments) {
  std::string command = "cd " + quoted(in) + " && " + quoted(PINTLE_PROTOC) + " -I. -I" + quoted(PINTLE_PROTOS) +
                        " --plugin=protoc-gen-pintle=" + quoted(PINTLE_PLUGIN) + " --pintle_out=" + quoted(out);
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("can't run a shell");
  Outcome run;
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) run.output.append(part, n);
  run.code = WEXITSTATUS(pclose(pipe));
  return run;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "pintle-plugin-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("can't make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("can't read " + file.string());
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace pintle::plugin
