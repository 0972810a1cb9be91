// A method as metrics name it.
#pragma once

#include <string_view>

#include <pintle/rpc/type_info.hpp>

namespace pintle::resilience {

// "package.Service/Method"; "_OTHER" for the methods that share a chain.
inline std::string_view method_label(const MethodInfo& method) {
  return method.path.starts_with('/') ? method.path.substr(1) : method.path;
}

}  // namespace pintle::resilience
