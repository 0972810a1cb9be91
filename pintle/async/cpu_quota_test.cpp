#include <pintle/async/cpu_quota.hpp>

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace pintle {
namespace {

namespace fs = std::filesystem;

// A made-up machine: files below a folder of their own.
class CpuQuota : public ::testing::Test {
 protected:
  CpuQuota() {
    std::string name = fs::temp_directory_path() / "pintle-quota-XXXXXX";
    root = ::mkdtemp(name.data());
  }
  ~CpuQuota() override { fs::remove_all(root); }
  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  fs::path root;
};

TEST_F(CpuQuota, IsNothingWithoutControlGroups) {
  EXPECT_FALSE(cpu_quota(root));
  EXPECT_GE(default_threads(root), 1u);
}

TEST_F(CpuQuota, ReadsVersionTwo) {
  write("proc/self/cgroup", "0::/shop.slice/items.service\n");
  write("sys/fs/cgroup/shop.slice/items.service/cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root).value(), 1.5);
}

TEST_F(CpuQuota, TakesTheLeastOfAllGroupsAbove) {
  write("proc/self/cgroup", "0::/a/b/c\n");
  write("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
  write("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root).value(), 0.5);
  EXPECT_EQ(default_threads(root), 1u) << "half a CPU is one thread";
}

TEST_F(CpuQuota, ReadsAContainersOwnGroupAtTheMount) {
  write("proc/self/cgroup", "0::/../../kubepods/pod7\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root).value(), 2);
}

TEST_F(CpuQuota, ReadsVersionOne) {
  write("proc/self/cgroup", "12:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root).value(), 2.5);
}

TEST_F(CpuQuota, MixesTheTwoVersionsOfAHybridMachine) {
  write("proc/self/cgroup", "3:cpuset:/\n2:cpu:/\n0::/x\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  write("sys/fs/cgroup/unified/x/cpu.max", "100000 100000");
  EXPECT_DOUBLE_EQ(cpu_quota(root).value(), 1);
}

TEST_F(CpuQuota, IgnoresWhatItCantRead) {
  for (const char* text : {"", "max", "max 100000", "x 100000", "-5 100000", "100000", "100000 0", "12x 100000"}) {
    write("proc/self/cgroup", "nonsense\n0::/\n");
    write("sys/fs/cgroup/cpu.max", text);
    EXPECT_FALSE(cpu_quota(root)) << text;
  }
}

TEST_F(CpuQuota, NeverGivesMoreThreadsThanTheAffinityHasCpus) {
  const std::size_t cpus = default_threads(root);
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "99900000 100000");
  EXPECT_EQ(default_threads(root), cpus);
}

}  // namespace
}  // namespace pintle
