#include <pintle/telemetry/metrics/process_metrics.hpp>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace pintle {

namespace {

std::string content_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

MetricFamily one(MetricKind kind, std::string name, std::string unit, std::string about, double value) {
  MetricFamily family(kind, std::move(name), std::move(unit), std::move(about));
  family.points.emplace_back(std::vector<std::pair<std::string, std::string>>(), value);
  return family;
}

// The numbers behind the name of the program, which may hold anything. Empty: it is no such text.
std::vector<double> numbers_of(std::string_view self_stat) {
  const std::size_t name_end = self_stat.rfind(')');
  if (name_end == std::string_view::npos) return {};
  self_stat.remove_prefix(name_end + 1);
  std::vector<double> numbers;
  while (!self_stat.empty()) {
    const std::size_t begin = self_stat.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    self_stat.remove_prefix(begin);
    const std::string_view word = self_stat.substr(0, self_stat.find_first_of(" \n"));
    double number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);  // the state, a letter, stays 0
    numbers.push_back(number);
    self_stat.remove_prefix(word.size());
  }
  return numbers;
}

std::optional<double> boot_time(std::string_view stat) {
  const std::size_t at = stat.find("\nbtime ");
  if (at == std::string_view::npos) return std::nullopt;
  double seconds = 0;
  const std::string_view text = stat.substr(at + 7);
  if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc()) return std::nullopt;
  return seconds;
}

}  // namespace

// Fields by proc(5), counted from the state, which is the third.
std::vector<MetricFamily> detail::process_metrics_of(const std::string& self_stat, const std::string& stat,
                                                     const ProcessTicks& ticks) {
  constexpr std::size_t kUserTime = 11, kSystemTime = 12, kThreads = 17, kStart = 19, kVirtual = 20, kResident = 21;
  const std::vector<double> n = numbers_of(self_stat);
  if (n.size() <= kResident) return {};
  const auto per_second = static_cast<double>(ticks.per_second);
  std::vector<MetricFamily> all;
  all.push_back(one(MetricKind::counter, "process_cpu_seconds_total", "s", "CPU time, user and system.",
                    (n[kUserTime] + n[kSystemTime]) / per_second));
  all.push_back(one(MetricKind::gauge, "process_resident_memory_bytes", "By", "Resident memory.",
                    n[kResident] * static_cast<double>(ticks.page_size)));
  all.push_back(one(MetricKind::gauge, "process_virtual_memory_bytes", "By", "Virtual memory.", n[kVirtual]));
  all.push_back(one(MetricKind::gauge, "process_threads", "{thread}", "Threads.", n[kThreads]));
  if (const auto boot = boot_time(stat))
    all.push_back(one(MetricKind::gauge, "process_start_time_seconds", "s", "When it started, since the epoch.",
                      *boot + n[kStart] / per_second));
  return all;
}

std::vector<MetricFamily> process_metrics() {
  const detail::ProcessTicks ticks{sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE)};
  std::vector<MetricFamily> all =
      detail::process_metrics_of(content_of("/proc/self/stat"), content_of("/proc/stat"), ticks);
  std::error_code failed;
  const std::filesystem::directory_iterator open("/proc/self/fd", failed);
  if (!failed)
    all.push_back(one(MetricKind::gauge, "process_open_fds", "{fd}", "Open file descriptors.",
                      static_cast<double>(std::distance(begin(open), end(open)))));
  rlimit most{};
  if (getrlimit(RLIMIT_NOFILE, &most) == 0)
    all.push_back(one(MetricKind::gauge, "process_max_fds", "{fd}", "File descriptors that it may open.",
                      static_cast<double>(most.rlim_cur)));
  return all;
}

}  // namespace pintle
