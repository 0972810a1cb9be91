// Values of the configuration's messages as code has them.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_field.h>

#include <pintle/app/config.hpp>
#include <pintle/base/clock.hpp>

namespace pintle::app {

inline Duration duration(const google::protobuf::Duration& d) {
  return std::chrono::seconds(d.seconds()) + std::chrono::nanoseconds(d.nanos());
}

inline std::vector<std::string> texts(const google::protobuf::RepeatedPtrField<std::string>& from) {
  return {from.begin(), from.end()};
}

// What is wrong with the value of a key, wherever it stands.
inline ConfigError fault(std::string key, std::string problem, std::string mend = "") {
  ConfigError error;
  error.key = std::move(key);
  error.problem = std::move(problem);
  error.mend = std::move(mend);
  return error;
}

}  // namespace pintle::app
