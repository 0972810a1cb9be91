#include <pintle/telemetry/access_log/access_log_layer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <type_traits>

#include <pintle/rpc/path_pattern.hpp>
#include <pintle/rpc/request_id.hpp>
#include <pintle/telemetry/rpc_conventions.hpp>

namespace pintle {

namespace {

// Lower-case hexadecimal digits, as W3C writes ids.
template <std::size_t N>
std::string_view hex(std::array<char, N>& out, std::size_t at, std::uint64_t bits) {
  for (std::size_t i = 16; i-- > 0; bits >>= 4) out[at + i] = "0123456789abcdef"[bits & 15];
  return {out.data(), at + 16};
}

// Only those that are added are ever made.
class Fields {
 public:
  template <class Value>
  void add(std::string_view key, const Value& value) {
    std::construct_at(&room_.fields[size_++], key, value);
  }
  std::span<const Field> all() const { return {room_.fields, size_}; }

 private:
  static constexpr std::size_t kMost = 20;  // as many as write() has
  static_assert(std::is_trivially_destructible_v<Field>);
  union Room {
    Room() {}   // NOLINT(modernize-use-equals-default): that would be deleted
    ~Room() {}  // NOLINT(modernize-use-equals-default)
    Field fields[kMost];
  };
  Room room_;
  std::size_t size_ = 0;
};

class Logging final : public Handler {
 public:
  Logging(const AccessLogOptions& options, const Site& site, Handler& next)
      : sample_ok_(options.sample_ok),
        quiet_(std::ranges::any_of(
            options.quiet, [&](const std::string& pattern) { return path_matches(pattern, site.method.path); })),
        unknown_(site.method.of == nullptr && site.method.path == "_OTHER"),
        component_(site.side == Side::server ? "server" : "client"),
        type_(kind_name(site.method.kind)),
        log_(site.log),
        random_(site.random),
        next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    Status status = co_await next_(call);
    const Status told = call.outcome(status);
    const Level level = access_log_level(told.code());
    if (log_.enabled(level) && !(told.ok() && (quiet_ || !sampled()))) write(call, told, level);
    co_return status;
  }

 private:
  bool sampled() const { return sample_ok_ >= 1 || (sample_ok_ > 0 && random_() < sample_ok_); }

  void write(const LayerCall& call, const Status& told, Level level) const {
    const MethodInfo& method = call.method();
    const Facts& facts = call.facts;
    Fields fields;
    fields.add("protocol", "grpc");
    fields.add("grpc.component", component_);
    fields.add("grpc.service", method.service);
    fields.add("grpc.method", method.name);
    fields.add("grpc.method_type", type_);
    fields.add("grpc.code", code_name(told.code()));
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(call.elapsed()).count();
    fields.add("grpc.time_ms", static_cast<double>(microseconds) / 1000);
    if (!facts.peer.empty()) fields.add("peer.address", facts.peer);
    if (unknown_) fields.add("path", facts.path);
    if (const auto* id = call.find<RequestId>()) fields.add("request_id", std::string_view(id->value));
    std::array<char, 32> trace;
    std::array<char, 16> span;
    if ((facts.trace_high | facts.trace_low) != 0) {
      hex(trace, 0, facts.trace_high);
      fields.add("trace_id", hex(trace, 16, facts.trace_low));
      fields.add("span_id", hex(span, 0, facts.span));
    }
    if (const std::string_view subject = call.identity().subject(); !subject.empty()) fields.add("principal", subject);
    if (facts.attempt > 1) fields.add("attempt", std::int64_t{facts.attempt});
    fields.add("messages_in", static_cast<std::int64_t>(call.traffic.in.messages));
    fields.add("messages_out", static_cast<std::int64_t>(call.traffic.out.messages));
    fields.add("bytes_in", static_cast<std::int64_t>(call.traffic.in.wire_bytes));
    fields.add("bytes_out", static_cast<std::int64_t>(call.traffic.out.wire_bytes));
    if (!told.ok()) fields.add("grpc.error", told.message());
    log_.log(level, "finished call", fields.all());
  }

  const double sample_ok_;
  const bool quiet_, unknown_;
  const std::string_view component_, type_;
  const Logger log_;
  const Random random_;
  Handler& next_;
};

}  // namespace

Level access_log_level(Code code) {
  switch (code) {
    case Code::ok:
    case Code::cancelled:
    case Code::invalid_argument:
    case Code::not_found:
    case Code::already_exists:
    case Code::unauthenticated:
      return Level::info;
    case Code::unknown:
    case Code::unimplemented:
    case Code::internal:
    case Code::data_loss:
      return Level::error;
    default:
      return Level::warn;
  }
}

std::unique_ptr<Handler> AccessLogLayer::wrap(const Site& site, Handler& next) const {
  return std::make_unique<Logging>(options_, site, next);
}

}  // namespace pintle
