// Where a process has pages for operators and probes, by its configuration.
#pragma once

#include <optional>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/app/internal/operator_pages.hpp>
#include <pintle/services/admin/admin_server.hpp>

namespace pintle {

namespace config::v1 {
class Admin;
}

// What is wrong with the settings beyond their schema.
std::optional<ConfigError> faults_of(const config::v1::Admin& settings);
// REQUIRES: nothing is. `process` outlives the pages.
std::vector<AdminPort> admin_ports(const config::v1::Admin& settings, const ProcessView& process);

}  // namespace pintle
