#include <pintle/app/internal/operator_pages.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <pintle/app/health_rule.hpp>
#include <pintle/app/internal/asking.hpp>
#include <pintle/app/internal/runtime_metrics.hpp>
#include <pintle/telemetry/metrics/process_metrics.hpp>
#include <pintle/telemetry/metrics/prometheus_text.hpp>
#include <pintle/version.hpp>

namespace pintle {

namespace {

namespace json = boost::json;

constexpr Duration kPatience = std::chrono::seconds(1);

constexpr std::pair<std::string_view, Level> kLevels[] = {
    {"debug", Level::debug}, {"info", Level::info}, {"warn", Level::warn}, {"error", Level::error}};

std::string_view level_name(Level level) {
  return std::ranges::find(kLevels, level, &std::pair<std::string_view, Level>::second)->first;
}

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::starting:
      return "starting";
    case Phase::serving:
      return "serving";
    case Phase::draining:
      return "draining";
    case Phase::stopped:
      break;
  }
  return "stopped";
}

std::string text_of(const json::value& value) { return json::serialize(value) + "\n"; }

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// 200 with what is well, 503 with what is not.
AdminResponse live(const ProcessView& process, const AdminRequest& request) {
  const std::vector<Duration> lag = ask_loops(process.runtime, kPatience);
  const bool well = std::ranges::find(lag, Duration::max()) == lag.end();
  if (request.wants_json()) {
    json::array loops;
    for (const Duration d : lag) loops.push_back(d == Duration::max() ? json::value(nullptr) : json::value(seconds(d)));
    return AdminResponse::json(well ? 200 : 503, text_of(json::object{{"live", well}, {"loop_lag_seconds", loops}}));
  }
  if (well) return {200, "ok\n"};
  std::string text;
  for (std::size_t i = 0; i < lag.size(); ++i)
    if (lag[i] == Duration::max())
      text += fmt::format("loop {} did not turn for {} s: something blocks it\n", i, seconds(kPatience));
  return {503, std::move(text)};
}

AdminResponse ready(const ProcessView& process, const AdminRequest& request) {
  const auto health = process.health.get();
  const auto found = health->map.find(kReadiness);
  const bool well = found != health->map.end() && found->second == Health::serving;
  const std::string_view phase = phase_name(process.lifecycle.phase());
  if (request.wants_json()) {
    json::object dependencies;
    for (const auto& d : process.dependencies) {
      const Status state = *d->state().get();
      dependencies[std::string(d->name())] = json::object{
          {"up", state.ok()}, {"critical", d->options().critical}, {"error", state.ok() ? "" : state.to_string()}};
    }
    return AdminResponse::json(
        well ? 200 : 503, text_of(json::object{{"ready", well}, {"phase", phase}, {"dependencies", dependencies}}));
  }
  std::string text = well ? "ok\n" : fmt::format("not ready\nphase: {}\n", phase);
  for (const auto& d : process.dependencies)
    if (const Status state = *d->state().get(); !state.ok())
      text += fmt::format("{}{}: {}\n", d->name(), d->options().critical ? "" : " (not critical)", state.to_string());
  return {well ? 200u : 503u, std::move(text)};
}

std::optional<ServerReport> report_of(const ProcessView& process) {
  const Server& server = process.server;
  auto report =
      ask_for<Result<ServerReport>>(process.runtime.loop(0), kPatience,
                                    [&server]() -> Task<Result<ServerReport>> { co_return co_await server.inspect(); });
  if (!report || !*report) return std::nullopt;
  return std::move(**report);
}

MetricFamily info(std::string name, std::string about, std::vector<std::pair<std::string, std::string>> attributes) {
  MetricFamily family(MetricKind::gauge, std::move(name), "", std::move(about));
  family.points.emplace_back(std::move(attributes), 1);
  return family;
}

AdminResponse metrics(const ProcessView& process, const AdminRequest& request) {
  std::vector<MetricFamily> families = process.registry.gather();
  const auto add = [&](std::vector<MetricFamily> more) {
    families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  families.push_back(info("build_info", "What runs here.",
                          {{"service", std::string(process.name)}, {"pintle_version", PINTLE_VERSION_STRING}}));
  families.push_back(info("target_info", "The resource that these metrics are of.",
                          {{"service_name", std::string(process.name)},
                           {"telemetry_sdk_name", "pintle"},
                           {"telemetry_sdk_language", "cpp"},
                           {"telemetry_sdk_version", PINTLE_VERSION_STRING}}));
  add(process_metrics());
  RuntimeFacts facts;
  facts.memory_used = process.memory.used();
  facts.memory_limit = process.memory.limit();
  facts.workers_running = process.runtime.workers().running();
  facts.workers_queued = process.runtime.workers().queued();
  facts.loop_lag = ask_loops(process.runtime, kPatience);
  const bool turn = std::ranges::find(facts.loop_lag, Duration::max()) == facts.loop_lag.end();
  const auto report = turn ? report_of(process) : std::nullopt;  // nobody waits twice for a loop that hangs
  add(runtime_metrics(report.value_or(ServerReport()), facts));
  const MetricText format = metric_text_for(request.accept);
  AdminResponse response;
  response.content_type = content_type(format);
  write_metrics(families, format, response.body);
  return response;
}

AdminResponse config(const ProcessView& process, const AdminRequest&) {
  AdminResponse response(200, process.config.to_yaml());
  response.content_type = "application/yaml";
  return response;
}

AdminResponse level(const ProcessView& process, const AdminRequest& request) {
  const std::string_view is = level_name(process.sink.level());
  return request.wants_json() ? AdminResponse::json(200, text_of(json::object{{"level", is}}))
                              : AdminResponse(200, std::string(is) + "\n");
}

AdminResponse set_level(const ProcessView& process, const AdminRequest& request) {
  const std::string* parameter = request.parameter("level");
  std::string wanted = parameter != nullptr ? *parameter : request.body;
  while (!wanted.empty() && (wanted.back() == '\n' || wanted.back() == '\r' || wanted.back() == ' ')) wanted.pop_back();
  const auto found = std::ranges::find(kLevels, wanted, &std::pair<std::string_view, Level>::first);
  if (found == std::end(kLevels))
    return {400, "the level is debug, info, warn or error: POST /log_level?level=debug\n"};
  const std::string_view before = level_name(process.sink.level());
  process.sink.set_level(std::min(process.sink.level(), Level::warn));  // the change itself is told in any case
  process.log.warn("the log level changed", {{"from", before}, {"to", found->first}});
  process.sink.set_level(found->second);
  return level(process, request);
}

AdminResponse connections(const ProcessView& process, const AdminRequest& request) {
  const auto report = report_of(process);
  if (!report) return {503, "a loop did not answer in time\n"};
  json::array all;
  std::string text = fmt::format("{:<40} {:>4} {:<8} {:>8} {:>7} {:>7} {:>12} {:>12} {}\n", "peer", "loop", "phase",
                                 "age s", "open", "running", "read", "written", "tls");
  for (std::size_t loop = 0; loop < report->loops.size(); ++loop)
    for (const ConnectionReport& c : report->loops[loop].connections) {
      const std::string tls = c.tls != nullptr ? c.tls->version : "";
      text += fmt::format("{:<40} {:>4} {:<8} {:>8.1f} {:>7} {:>7} {:>12} {:>12} {}\n", c.peer, loop, c.phase,
                          seconds(c.age), c.streams, c.running, c.bytes_read, c.bytes_written, tls);
      all.push_back(json::object{{"peer", c.peer},
                                 {"loop", loop},
                                 {"phase", c.phase},
                                 {"age_seconds", seconds(c.age)},
                                 {"streams", c.streams},
                                 {"running", c.running},
                                 {"waiting", c.waiting},
                                 {"bytes_read", c.bytes_read},
                                 {"bytes_written", c.bytes_written},
                                 {"bytes_queued", c.bytes_queued},
                                 {"streams_opened", c.streams_opened},
                                 {"tls", tls}});
    }
  return request.wants_json() ? AdminResponse::json(200, text_of(json::object{{"connections", all}}))
                              : AdminResponse(200, std::move(text));
}

}  // namespace

AdminPages probe_pages(const ProcessView& process) {
  AdminPages pages;
  pages.shows("/livez", "200 while every loop turns", [&process](const AdminRequest& r) { return live(process, r); });
  pages.shows("/readyz", "200 while it serves and what it depends on is up",
              [&process](const AdminRequest& r) { return ready(process, r); });
  pages.shows("/metrics", "for Prometheus", [&process](const AdminRequest& r) { return metrics(process, r); });
  return pages;
}

AdminPages operator_pages(const ProcessView& process) {
  AdminPages pages = probe_pages(process);
  pages.shows("/config", "the configuration in force, with its origins",
              [&process](const AdminRequest& r) { return config(process, r); });
  pages.shows("/log_level", "from which level on lines are written",
              [&process](const AdminRequest& r) { return level(process, r); });
  pages.does("/log_level", "?level=debug changes it until the process ends",
             [&process](const AdminRequest& r) { return set_level(process, r); });
  pages.shows("/connections", "who is connected",
              [&process](const AdminRequest& r) { return connections(process, r); });
  pages.does("/drain", "ends the process as SIGTERM does", [&process](const AdminRequest&) {
    process.drain();
    return AdminResponse(202, "draining\n");
  });
  return pages;
}

}  // namespace pintle
