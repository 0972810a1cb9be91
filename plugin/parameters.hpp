// What stands in --pintle_opt=.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace pintle::plugin {

struct Parameters {
  bool blocking = true;  // blocking=false: without BlockingStub
};

// "key=value,key=value"; the error names what is wrong and what there is.
std::expected<Parameters, std::string> parse_parameters(std::string_view text);

}  // namespace pintle::plugin
