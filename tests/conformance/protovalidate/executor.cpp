// Answers protovalidate's conformance runner: a request with cases on standard input, what the generated validators say
// on standard output. With --formats it answers the cases of the suite's library too, which ask for formats by CEL: by
// the functions that the standard rules of those formats use.
#include <cstdio>
#include <iostream>
#include <map>
#include <string>

#include <buf/validate/conformance/cases/library.pb.h>
#include <buf/validate/conformance/harness/harness.pb.h>

#include "includes.inc"
#include <pintle/middleware/validation/validation_layer.hpp>
#include <pintle/rpc/details.hpp>
#include <pintle/validate/formats.hpp>

namespace {

using buf::validate::conformance::harness::TestConformanceRequest;
using buf::validate::conformance::harness::TestConformanceResponse;
using buf::validate::conformance::harness::TestResult;

struct Entry {
  const google::protobuf::Message* prototype;
  void (*check)(const google::protobuf::Message&, pintle::Violations&);
};

template <class T>
void check(const google::protobuf::Message& message, pintle::Violations& found) {
  if constexpr (requires(const T& m, pintle::validate::Report& r) { check_rules(m, r, nullptr); })
    pintle::codegen::validate_as<T>(&message, found);
}

const std::map<std::string, Entry>& entries() {
  static const std::map<std::string, Entry> all = {
#define CASE(type) {type::descriptor()->full_name(), {&type::default_instance(), &check<type>}},
#include "types.inc"
#undef CASE
  };
  return all;
}

namespace cases = buf::validate::conformance::cases;
using pintle::validate::IpVersion;

template <class T>
std::optional<IpVersion> version_of(const T& message) {
  if (!message.has_version() || message.version() == 0) return IpVersion::any;
  if (message.version() == 4) return IpVersion::v4;
  if (message.version() == 6) return IpVersion::v6;
  return std::nullopt;
}
bool holds(const cases::IsEmail& m) { return pintle::validate::is_email(m.val()); }
bool holds(const cases::IsHostname& m) { return pintle::validate::is_hostname(m.val()); }
bool holds(const cases::IsUri& m) { return pintle::validate::is_uri(m.val()); }
bool holds(const cases::IsUriRef& m) { return pintle::validate::is_uri_reference(m.val()); }
bool holds(const cases::IsIp& m) {
  const auto version = version_of(m);
  return version && pintle::validate::is_ip(m.val(), *version);
}
bool holds(const cases::IsIpPrefix& m) {
  const auto version = version_of(m);
  return version && pintle::validate::is_ip_prefix(m.val(), *version, m.strict());
}
bool holds(const cases::IsHostAndPort& m) {
  const std::string& text = m.val();
  if (pintle::validate::is_host_and_port(text)) return true;
  if (m.port_required()) return false;
  if (text.starts_with('[') && text.ends_with(']'))
    return pintle::validate::is_ip(text.substr(1, text.size() - 2), IpVersion::v6);
  return pintle::validate::is_hostname(text) || pintle::validate::is_ip(text, IpVersion::v4);
}

template <class T>
bool answered(const google::protobuf::Any& input, const char* rule, TestResult& result) {
  T message;
  if (!input.Is<T>() || !input.UnpackTo(&message)) return false;
  if (holds(message)) {
    result.set_success(true);
    return true;
  }
  result.mutable_validation_error()->add_violations()->set_rule_id(rule);
  return true;
}

bool is_of_library(const google::protobuf::Any& input, TestResult& result) {
  return answered<cases::IsEmail>(input, "library.is_email", result) ||
         answered<cases::IsHostname>(input, "library.is_hostname", result) ||
         answered<cases::IsUri>(input, "library.is_uri", result) ||
         answered<cases::IsUriRef>(input, "library.is_uri_ref", result) ||
         answered<cases::IsIp>(input, "library.is_ip", result) ||
         answered<cases::IsIpPrefix>(input, "library.is_ip_prefix", result) ||
         answered<cases::IsHostAndPort>(input, "library.is_host_and_port", result);
}

TestResult result_of(const google::protobuf::Any& input, bool formats) {
  TestResult result;
  if (formats && is_of_library(input, result)) return result;
  const std::string& url = input.type_url();
  const auto found = entries().find(url.substr(url.rfind('/') + 1));
  if (found == entries().end()) {
    result.set_unexpected_error("this type was not generated: its file uses editions");
    return result;
  }
  const std::unique_ptr<google::protobuf::Message> message(found->second.prototype->New());
  if (!message->ParsePartialFromString(input.value())) {
    result.set_unexpected_error("it can't be parsed");
    return result;
  }
  pintle::Violations violations;
  found->second.check(*message, violations);
  constexpr std::string_view kCompiling = "compilation error: ";
  if (violations.error.starts_with(kCompiling)) {
    result.set_compilation_error(violations.error.substr(kCompiling.size()));
  } else if (!violations.error.empty()) {
    result.set_runtime_error(violations.error);
  } else if (violations.all.empty()) {
    result.set_success(true);
  } else {
    const auto detail = pintle::detail_of<buf::validate::Violations>(pintle::invalid_status(violations));
    if (detail) *result.mutable_validation_error() = *detail;
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const bool formats = argc > 1 && std::string_view(argv[1]) == "--formats";
  TestConformanceRequest request;
  if (!request.ParseFromIstream(&std::cin)) {
    std::fputs("standard input holds no request\n", stderr);
    return 1;
  }
  TestConformanceResponse response;
  for (const auto& [name, input] : request.cases()) (*response.mutable_results())[name] = result_of(input, formats);
  return response.SerializeToOstream(&std::cout) ? 0 : 1;
}
