// Turns a model into C++.
#pragma once

#include <string>

#include "model.hpp"

namespace pintle::plugin {

// FILE.pintle.hpp.
std::string write_header(const FileModel& file);
// FILE.pintle.cpp.
std::string write_source(const FileModel& file);

// Around code that mentions what is deprecated: users are warned where they use it, not here.
inline constexpr char kQuietBegin[] =
    "#pragma GCC diagnostic push\n"
    "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n\n";
inline constexpr char kQuietEnd[] = "\n#pragma GCC diagnostic pop\n";

}  // namespace pintle::plugin
