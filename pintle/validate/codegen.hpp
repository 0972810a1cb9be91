// What generated validators are made of; users need violations.hpp and nothing else of this room.
#pragma once

#include <pintle/validate/list_rules.hpp>
#include <pintle/validate/number_rules.hpp>
#include <pintle/validate/report.hpp>
#include <pintle/validate/string_rules.hpp>
#include <pintle/validate/time_rules.hpp>
#include <pintle/validate/value_rules.hpp>
