// What the arguments and the environment say, before it is given to the keys.
#pragma once

#include <string>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/app/config/internal/schema.hpp>

namespace pintle::app {

struct Setting {
  std::string key, text;
  std::string where;  // the variable or the flag
};

struct CommandLine {
  Config::Action action = Config::Action::run;  // of several: help, version, print, check
  std::string subject;                          // of --explain-policy
  std::string file;                             // --config; empty when there is none
  std::vector<Setting> settings;                // in the order of the arguments
  std::vector<ConfigError> errors;
};

CommandLine read_arguments(const Schema& schema, const std::vector<std::string>& arguments);

// The variables that name a key; the errors are about those that look like it and name none.
// PINTLE_SERVER__PORT sets server.port; PINTLE_SERVER__PORT_FILE names a file that holds it, as secrets come.
CommandLine read_environment(const Schema& schema, const ConfigInput& input);

}  // namespace pintle::app
