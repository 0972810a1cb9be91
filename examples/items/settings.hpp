// What is wrong with the section `items` of the configuration, beyond what its .proto says.
#pragma once

#include <vector>

#include "items/config/v1/config.pb.h"
#include <pintle/app/config.hpp>

namespace items {

// Looks at the file system, changes nothing.
std::vector<pintle::ConfigError> faults_of(const config::v1::ItemsConfig& config);

}  // namespace items
