#include <pintle/app/internal/runtime_metrics.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace pintle {

namespace {

class Families {
 public:
  MetricFamily& add(MetricKind kind, std::string name, std::string unit, std::string about) {
    return all_.emplace_back(kind, std::move(name), std::move(unit), std::move(about));
  }
  template <class N>
  static void point(MetricFamily& family, N value, std::vector<std::pair<std::string, std::string>> attributes = {}) {
    family.points.emplace_back(std::move(attributes), static_cast<double>(value));
  }
  template <class N>
  void gauge(std::string name, std::string unit, std::string about, N value) {
    point(add(MetricKind::gauge, std::move(name), std::move(unit), std::move(about)), value);
  }
  template <class N>
  void counter(std::string name, std::string unit, std::string about, N value) {
    point(add(MetricKind::counter, std::move(name), std::move(unit), std::move(about)), value);
  }
  std::vector<MetricFamily> take() { return std::move(all_); }

 private:
  std::vector<MetricFamily> all_;
};

void add_listeners(const ServerReport& report, Families& families) {
  const auto each = [&](MetricFamily& family, auto value) {
    for (const ListenerReport& listener : report.listeners)
      Families::point(family, value(listener), {{"server.address", listener.address}});
  };
  each(families.add(MetricKind::gauge, "pintle.listener.connections", "{connection}", "Open connections."),
       [](const ListenerReport& l) { return l.open; });
  each(families.add(MetricKind::counter, "pintle.listener.accepted", "{connection}", "Connections that were taken."),
       [](const ListenerReport& l) { return l.accepted; });
  each(families.add(MetricKind::counter, "pintle.listener.refused", "{connection}",
                    "Connections that were closed at once, for want of room."),
       [](const ListenerReport& l) { return l.refused; });
  each(families.add(MetricKind::gauge, "pintle.listener.handshakes", "{handshake}", "TLS handshakes in flight."),
       [](const ListenerReport& l) { return l.handshakes; });
}

}  // namespace

std::vector<MetricFamily> runtime_metrics(const ServerReport& report, const RuntimeFacts& facts) {
  Families families;
  LoopServerReport sum;
  for (const LoopServerReport& loop : report.loops) {
    sum.running += loop.running;
    sum.waiting += loop.waiting;
    sum.streams_shed += loop.streams_shed;
    sum.connections_shed += loop.connections_shed;
    sum.exceptions += loop.exceptions;
  }
  families.gauge("pintle.server.calls.running", "{call}", "Calls whose handlers run.", sum.running);
  families.gauge("pintle.server.calls.waiting", "{call}", "Calls that wait for their connection's turn.", sum.waiting);
  families.counter("pintle.server.exceptions", "{exception}", "Exceptions that nobody expected.", sum.exceptions);
  families.counter("pintle.server.streams.shed", "{stream}", "Calls that were ended for want of memory.",
                   sum.streams_shed);
  families.counter("pintle.server.connections.shed", "{connection}", "Connections that were ended for want of memory.",
                   sum.connections_shed);
  add_listeners(report, families);
  families.gauge("pintle.memory.used", "By", "Bytes that are kept for peers.", facts.memory_used);
  families.gauge("pintle.memory.limit", "By", "The budget for them.", facts.memory_limit);
  families.gauge("pintle.workers.running", "{job}", "Jobs that block and run.", facts.workers_running);
  families.gauge("pintle.workers.queued", "{job}", "Jobs that wait for a worker.", facts.workers_queued);
  MetricFamily& lag =
      families.add(MetricKind::gauge, "pintle.loop.lag", "s", "How long a loop took to come to a question, just now.");
  for (std::size_t i = 0; i < facts.loop_lag.size(); ++i)
    if (facts.loop_lag[i] != Duration::max())
      Families::point(lag, std::chrono::duration<double>(facts.loop_lag[i]).count(), {{"loop", std::to_string(i)}});
  return families.take();
}

}  // namespace pintle
