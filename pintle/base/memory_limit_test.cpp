#include <pintle/base/memory_limit.hpp>

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace pintle {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;

// A made-up machine: files below a folder of their own.
class MemoryLimit : public ::testing::Test {
 protected:
  MemoryLimit() {
    std::string name = fs::temp_directory_path() / "pintle-memory-XXXXXX";
    root = ::mkdtemp(name.data());
  }
  ~MemoryLimit() override { fs::remove_all(root); }
  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  fs::path root;
};

TEST_F(MemoryLimit, IsNothingWhereNothingCanBeRead) {
  EXPECT_FALSE(memory_limit(root));
  EXPECT_EQ(default_memory_budget(root), 512 * kMiB);
}

TEST_F(MemoryLimit, IsTheMachinesWithoutAGroup) {
  write("proc/meminfo", "MemFree:          100 kB\nMemTotal:        4194304 kB\nBuffers: 1 kB\n");
  EXPECT_EQ(memory_limit(root), 4096 * kMiB);
  EXPECT_EQ(default_memory_budget(root), 2048 * kMiB) << "half is the program's own";
}

TEST_F(MemoryLimit, IsTheLeastOfTheGroupAndAllAboveIt) {
  write("proc/meminfo", "MemTotal:        4194304 kB\n");
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(memory_limit(root), 4096 * kMiB) << "max is no limit";
  write("sys/fs/cgroup/a/memory.max", "536870912\n");
  EXPECT_EQ(memory_limit(root), 512 * kMiB);
  write("sys/fs/cgroup/a/b/memory.max", "268435456\n");
  EXPECT_EQ(memory_limit(root), 256 * kMiB);
}

TEST_F(MemoryLimit, IsAContainersOwnAtTheMount) {
  write("proc/self/cgroup", "0::/../../kubepods/pod7\n");
  write("sys/fs/cgroup/memory.max", "134217728\n");
  EXPECT_EQ(default_memory_budget(root), 64 * kMiB);
}

TEST_F(MemoryLimit, ReadsVersionOne) {
  write("proc/meminfo", "MemTotal:        4194304 kB\n");
  write("proc/self/cgroup", "4:cpu,cpuacct:/docker/x\n12:memory:/docker/x\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_limit(root), 4096 * kMiB) << "what version 1 calls no limit";
  write("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "1073741824\n");
  EXPECT_EQ(memory_limit(root), 1024 * kMiB);
}

TEST_F(MemoryLimit, WhatIsNoNumberIsNoLimitAndTheBudgetIsNeverTiny) {
  write("proc/self/cgroup", "0::/\nnonsense\n");
  for (const char* text : {"", "-1\n", "0\n", "99999999999999999999999\n", "many\n"}) {
    write("sys/fs/cgroup/memory.max", text);
    EXPECT_FALSE(memory_limit(root)) << text;
  }
  write("sys/fs/cgroup/memory.max", "4096\n");
  EXPECT_EQ(default_memory_budget(root), 16 * kMiB);
}

}  // namespace
}  // namespace pintle
