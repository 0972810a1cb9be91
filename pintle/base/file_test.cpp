#include <pintle/base/file.hpp>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace pintle {
namespace {

using Read = std::expected<std::string, std::string>;

struct File : ::testing::Test {
  File() {
    std::string name = std::filesystem::temp_directory_path() / "pintle-file-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~File() override { std::filesystem::remove_all(folder); }
  std::string put(const std::string& name, std::string_view text) const {
    std::ofstream(folder + "/" + name, std::ios::binary) << text;
    return folder + "/" + name;
  }
  std::string folder;
};

TEST_F(File, IsReadAsItIs) {
  EXPECT_EQ(read_file(put("empty", "")), Read(""));
  EXPECT_EQ(read_file(put("text", std::string_view("a\0b\n", 4))), Read(std::string("a\0b\n", 4)));
  const std::string big(200'000, 'x');
  EXPECT_EQ(read_file(put("big", big)), Read(big));
}

TEST_F(File, SaysWhyItCannotBeRead) {
  const auto why = [](const std::string& path, std::size_t most = kMaxFileBytes) {
    const Read read = read_file(path, most);
    return read ? "it was read" : read.error();
  };
  EXPECT_EQ(why(folder + "/none"), "No such file or directory");
  EXPECT_EQ(why(put("file", "x") + "/below"), "Not a directory");
  EXPECT_EQ(why(folder), "it is a directory");
  EXPECT_EQ(why("/dev/zero"), "it is not a file");
  EXPECT_EQ(why(put("long", std::string(11, 'x')), 10), "it has more than 10 bytes");
  EXPECT_EQ(why(put("just", std::string(10, 'x')), 10), "it was read");
  EXPECT_EQ(why(std::string("/etc/hosts\0x", 12)), "its name has a zero byte");
  EXPECT_EQ(why(""), "No such file or directory");
}

TEST_F(File, APipeThatNobodyWritesToIsEmpty) {
  const std::string pipe = folder + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe), Read(""));
}

}  // namespace
}  // namespace pintle
