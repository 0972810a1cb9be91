// What stands in --pintle_opt=.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace pintle::plugin {

struct Parameters {
  bool blocking = true;      // blocking=false: without BlockingStub
  bool defer_rules = false;  // rules=defer: what can't be checked is said by the validator, for a conformance suite
};

// "key=value,key=value"; the error names what is wrong and what there is.
std::expected<Parameters, std::string> parse_parameters(std::string_view text);

}  // namespace pintle::plugin
