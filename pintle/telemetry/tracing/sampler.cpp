#include <pintle/telemetry/tracing/sampler.hpp>

#include <charconv>
#include <cmath>

namespace pintle {

std::expected<Sampler, std::string> Sampler::of(std::string_view name, std::string_view argument) {
  constexpr std::string_view kParentBased = "parentbased_";
  Sampler sampler;
  sampler.parent_based_ = name.starts_with(kParentBased);
  const std::string_view root = sampler.parent_based_ ? name.substr(kParentBased.size()) : name;
  if (root == "always_on") return sampler;
  sampler.ratio_ = 0;
  if (root == "always_off") return sampler;
  if (root != "traceidratio") return std::unexpected("'" + std::string(name) + "' is no sampler");
  sampler.ratio_ = 1;
  if (argument.empty()) return sampler;
  const auto [end, failed] = std::from_chars(argument.data(), argument.data() + argument.size(), sampler.ratio_);
  const bool number = failed == std::errc() && end == argument.data() + argument.size();
  if (!number || !(sampler.ratio_ >= 0 && sampler.ratio_ <= 1))
    return std::unexpected("'" + std::string(argument) + "' is no ratio from 0 to 1");
  return sampler;
}

bool Sampler::samples(const TraceContext* parent, std::uint64_t trace_low) const {
  if (parent_based_ && parent != nullptr) return parent->sampled;
  if (ratio_ >= 1) return true;
  // The lower 56 bits are random in every trace id (W3C Trace Context level 2).
  constexpr std::uint64_t kRandom = (std::uint64_t{1} << 56) - 1;
  return std::ldexp(static_cast<double>(trace_low & kRandom), -56) < ratio_;
}

}  // namespace pintle
