// Input: a policy as serialised pintle.config.v1.Policy. What compiles decides, explains itself, and without an allow
// rule allows nobody; what does not says where it is wrong.
#include <cstdint>
#include <string>

#include "../check.hpp"
#include <pintle/config/v1/policy.pb.h>
#include <pintle/security/authz/policy.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::config::v1::Policy policy;
  if (!policy.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto compiled = pintle::AuthorizationPolicy::compile(policy);
  if (!compiled) {
    FUZZ_CHECK(!compiled.error().empty() && !compiled.error().front().empty());
    return 0;
  }
  pintle::Metadata metadata;
  metadata.add("x-team", "red").add("x-team", "blue");
  const pintle::Identity anna =
      pintle::Identity().subject("anna").issuer("id").role("admin").claim("a", R"({"b":[1]})");
  for (const char* path : {"/shop.Items/Get", "/a/b"}) {
    const auto rules = compiled->for_method(path, nullptr);
    const auto decision = rules.decide({anna, "ipv4:10.0.0.1:5", metadata});
    if (policy.allow_rules().empty()) FUZZ_CHECK(!decision.allowed);
    if (decision.allowed) FUZZ_CHECK(!decision.rule.empty());
    FUZZ_CHECK(rules.explanation().ends_with("no rule allows it\n"));
  }
  return 0;
}
