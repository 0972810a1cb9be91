#include <pintle/telemetry/metrics/rpc_instruments.hpp>

#include <string_view>

#include <pintle/telemetry/metrics/rpc_bounds.hpp>
#include <pintle/telemetry/rpc_conventions.hpp>

namespace pintle {

namespace {

constexpr std::string_view kCamelCase[] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

}  // namespace

RpcInstruments::RpcInstruments(const RpcMetricsOptions& options, Side side, const MethodInfo& method, Meters meters)
    : options_(options),
      side_(side),
      meters_(meters),
      path_(rpc_method(method.path)),
      grpc_method_(path_ == "_OTHER" ? "other" : path_),
      service_(method.service.empty() ? "_OTHER" : method.service),
      name_(method.name),
      type_(kind_name(method.kind)) {
  const bool server = side == Side::server;
  if (options_.grpc && server)
    grpc_started_ = meters_.counter({"grpc.server.call.started", "{call}", "Calls that began.", {}},
                                    {{"grpc.method", grpc_method_}});
  if (!options_.prometheus) return;
  const auto counter = [&](std::string_view on_server, std::string_view on_client, std::string_view about) {
    return meters_.counter({server ? on_server : on_client, "", about, {}},
                           {{"grpc_type", type_}, {"grpc_service", service_}, {"grpc_method", name_}});
  };
  started_ = counter("grpc_server_started_total", "grpc_client_started_total", "Calls that began.");
  messages_in_ = counter("grpc_server_msg_received_total", "grpc_client_msg_received_total", "Messages that came.");
  messages_out_ = counter("grpc_server_msg_sent_total", "grpc_client_msg_sent_total", "Messages that were sent.");
  for (std::size_t code = 0; code < kCodes; ++code)
    handled_[code] = meters_.counter(
        {server ? "grpc_server_handled_total" : "grpc_client_handled_total", "", "Calls that ended.", {}},
        {{"grpc_type", type_}, {"grpc_service", service_}, {"grpc_method", name_}, {"grpc_code", kCamelCase[code]}});
  if (options_.prometheus_handling)
    handling_ = meters_.histogram(
        {server ? "grpc_server_handling_seconds" : "grpc_client_handling_seconds", "s", "How long calls took.", {}},
        {{"grpc_type", type_}, {"grpc_service", service_}, {"grpc_method", name_}});
}

void RpcInstruments::make(Code code, OfCode& made) const {
  const bool server = side_ == Side::server;
  const std::string_view status = code_name(code);
  if (options_.otel) {
    const Instrument duration{
        server ? "rpc.server.call.duration" : "rpc.client.call.duration", "s", "How long calls took.", {}};
    const Field system("rpc.system.name", "grpc"), method("rpc.method", path_),
        ended("rpc.response.status_code", status);
    made.otel_duration = is_rpc_error(side_, code)
                             ? meters_.histogram(duration, {system, method, ended, {"error.type", status}})
                             : meters_.histogram(duration, {system, method, ended});
  }
  if (!options_.grpc) return;
  const auto histogram = [&](std::string_view name, std::string_view unit, std::string_view about,
                             std::span<const double> bounds) {
    return meters_.histogram({name, unit, about, bounds}, {{"grpc.method", grpc_method_}, {"grpc.status", status}});
  };
  made.grpc_duration = histogram(server ? "grpc.server.call.duration" : "grpc.client.call.duration", "s",
                                 "How long calls took.", kLatencyBounds);
  if (!server) return;
  made.sent = histogram("grpc.server.call.sent_total_compressed_message_size", "By",
                        "Bytes of all messages of a call that were sent.", kSizeBounds);
  made.received = histogram("grpc.server.call.rcvd_total_compressed_message_size", "By",
                            "Bytes of all messages of a call that came.", kSizeBounds);
}

RpcInstruments::OfCode& RpcInstruments::of(Code code) {
  OfCode& found = codes_[static_cast<std::size_t>(code)];
  if (found.there.load(std::memory_order_acquire)) return found;
  std::lock_guard lock(mutex_);
  if (!found.there.load(std::memory_order_relaxed)) {
    make(code, found);
    found.there.store(true, std::memory_order_release);
  }
  return found;
}

void RpcInstruments::started() const {
  grpc_started_.add();
  started_.add();
}

void RpcInstruments::ended(const CallTotals& totals) {
  const OfCode& of_code = of(totals.code);
  of_code.otel_duration.record(totals.seconds, totals.trace);
  of_code.grpc_duration.record(totals.seconds, totals.trace);
  of_code.sent.record(static_cast<double>(totals.wire_bytes_out));
  of_code.received.record(static_cast<double>(totals.wire_bytes_in));
  if (!options_.prometheus) return;
  handled_[static_cast<std::size_t>(totals.code)].add();
  if (totals.messages_in != 0) messages_in_.add(totals.messages_in);
  if (totals.messages_out != 0) messages_out_.add(totals.messages_out);
  handling_.record(totals.seconds, totals.trace);
}

}  // namespace pintle
