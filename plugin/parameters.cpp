#include <algorithm>

#include "parameters.hpp"

namespace pintle::plugin {

std::expected<Parameters, std::string> parse_parameters(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const std::string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), option.size() + 1));
    if (option.empty()) continue;
    const std::string_view key = option.substr(0, option.find('='));
    const std::string_view value = option.substr(std::min(option.size(), key.size() + 1));
    if (key == "rules") {
      if (value != "refuse" && value != "defer")
        return std::unexpected("the option rules takes refuse or defer, not \"" + std::string(value) + "\"");
      parameters.defer_rules = value == "defer";
      continue;
    }
    if (key != "blocking")
      return std::unexpected("unknown option \"" + std::string(key) +
                             "\"; there are: blocking=true|false, rules=refuse|defer");
    if (value != "true" && value != "false")
      return std::unexpected("the option blocking takes true or false, not \"" + std::string(value) + "\"");
    parameters.blocking = value == "true";
  }
  return parameters;
}

}  // namespace pintle::plugin
