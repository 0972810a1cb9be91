// A configuration while it is being made: the messages, where each value came from, and what was wrong so far.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include <pintle/app/config.hpp>
#include <pintle/app/config/internal/schema.hpp>

namespace pintle::app {

struct Draft {
  // Starts with every default.
  explicit Draft(const Schema& schema);

  google::protobuf::Message* section(std::string_view key);

  // Gives one key the value that `text` stands for; `where` is the variable or flag that says so, and its origin.
  // Line breaks at the end of the text are left out, and the origin says so.
  void apply(const std::string& path, std::string_view text, const std::string& where);

  // Gives the messages that are like a section its values, where nobody has set theirs. When all has been read.
  void inherit();

  // Reports the keys that must be set and are not. Last of all.
  void check_required();

  void fail(ConfigError error) { errors.push_back(std::move(error)); }

  const Schema& schema;
  std::vector<std::pair<std::string, std::unique_ptr<google::protobuf::Message>>> sections;
  std::map<std::string, std::string, std::less<>> origins;
  std::vector<ConfigError> errors;
};

// Sets every field that has a default, and makes every message below present.
void fill_defaults(google::protobuf::Message& message);

}  // namespace pintle::app
