// What a whole process sends to a collector, which is a server of the test's here.
#include <condition_variable>
#include <future>
#include <mutex>

#include <gmock/gmock.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pintle.hpp>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pintle.hpp>

#include <pintle/app/test_support/app_process.hpp>
#include <pintle/server/server.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
namespace collector = opentelemetry::proto::collector;
using opentelemetry::proto::trace::v1::Span;
using test::Client;
using test::Process;
using ::testing::Contains;
using ::testing::HasSubstr;

// Before the first thread of a test a process is forked, so the collector's address must be known by then.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof any;
  (void)!::bind(fd, reinterpret_cast<sockaddr*>(&any), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size);
  ::close(fd);
  return ntohs(any.sin_port);
}

class Collector final : public collector::trace::v1::TraceService::Service,
                        public collector::metrics::v1::MetricsService::Service {
 public:
  explicit Collector(std::uint16_t port) : server_(runtime_) {
    EXPECT_TRUE(server_.add(static_cast<collector::trace::v1::TraceService::Service&>(*this)).ok());
    EXPECT_TRUE(server_.add(static_cast<collector::metrics::v1::MetricsService::Service&>(*this)).ok());
    EXPECT_TRUE(server_.start().ok());
    runtime_.start();
    EXPECT_TRUE(server_.listen(net::SockAddress::from_ip("127.0.0.1", port).value()));
  }
  ~Collector() {
    std::promise<void> drained;
    server_.drain(Duration::zero(), [&] { drained.set_value(); });
    drained.get_future().wait();
    runtime_.stop();
    runtime_.join();
  }

  Task<Result<collector::trace::v1::ExportTraceServiceResponse>> Export(
      Call&, const collector::trace::v1::ExportTraceServiceRequest& request) override {
    {
      std::lock_guard lock(mutex_);
      for (const auto& resource : request.resource_spans())
        for (const auto& scope : resource.scope_spans())
          spans_.insert(spans_.end(), scope.spans().begin(), scope.spans().end());
    }
    changed_.notify_all();
    co_return collector::trace::v1::ExportTraceServiceResponse();
  }
  Task<Result<collector::metrics::v1::ExportMetricsServiceResponse>> Export(
      Call&, const collector::metrics::v1::ExportMetricsServiceRequest& request) override {
    {
      std::lock_guard lock(mutex_);
      for (const auto& resource : request.resource_metrics())
        for (const auto& scope : resource.scope_metrics())
          for (const auto& metric : scope.metrics()) metrics_.push_back(metric.name());
    }
    changed_.notify_all();
    co_return collector::metrics::v1::ExportMetricsServiceResponse();
  }

  std::vector<Span> spans(std::size_t wanted) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return spans_.size() >= wanted; });
    return spans_;
  }
  std::vector<std::string> metrics() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return !metrics_.empty(); });
    return metrics_;
  }

 private:
  Runtime runtime_;
  Server server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Span> spans_;
  std::vector<std::string> metrics_;
};

struct Exports : test::Apps {
  const std::uint16_t port = free_port();
  std::vector<std::string> exporting(std::vector<std::string> more = {}) const {
    more.push_back("--telemetry.otlp.endpoint=http://127.0.0.1:" + std::to_string(port));
    return with(std::move(more));
  }
};

TEST_F(Exports, SpansComeWhileItRuns) {
  Process process(exporting({"--telemetry.otlp.schedule_delay=10ms"}));
  Collector there(port);
  Client client(process.ready());
  EXPECT_EQ(client.fast(), Status());
  const auto spans = there.spans(2);
  ASSERT_EQ(spans.size(), 2u) << "a stream's begin, and the call";
  EXPECT_EQ(spans[0].name(), "probe/fast begin");
  EXPECT_EQ(spans[1].name(), "probe/fast");
  EXPECT_EQ(spans[0].parent_span_id(), spans[1].span_id());
}

TEST_F(Exports, WhatIsLeftAtTheEndIsSentBeforeTheProcessIsGone) {
  Process process(exporting({"--telemetry.otlp.schedule_delay=1h", "--telemetry.otlp.metrics=true"}));
  Collector there(port);
  {
    Client client(process.ready());
    EXPECT_EQ(client.fast(), Status());
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
  EXPECT_EQ(there.spans(2).size(), 2u);
  EXPECT_THAT(there.metrics(), Contains("rpc.server.call.duration"));
}

TEST_F(Exports, ACollectorThatIsNotThereHarmsNobody) {
  Process process(exporting({"--telemetry.otlp.schedule_delay=10ms", "--telemetry.otlp.timeout=50ms"}));
  Client client(process.ready());
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.fast(), Status());
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
}

}  // namespace
}  // namespace pintle
