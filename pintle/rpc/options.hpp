// What the .proto, and over it the configuration, says about a method or a service in options of somebody's own. Needs
// descriptor.pb.h; no other header of Pintle does.
#pragma once

#include <optional>
#include <type_traits>

#include <google/protobuf/descriptor.pb.h>

#include <pintle/rpc/layer.hpp>

namespace pintle {

// The value of a singular extension of google.protobuf.MethodOptions where a layer is put; nothing where neither the
// .proto nor an overlay sets it. `const auto roles = method_option(site, security::v1::roles);`
template <class Extension>
auto method_option(const Site& site, const Extension& extension) {
  google::protobuf::MethodOptions options;
  using Value = std::remove_cvref_t<decltype(options.GetExtension(extension))>;
  if (!options.ParseFromString(site.options) || !options.HasExtension(extension)) return std::optional<Value>();
  return std::optional<Value>(options.GetExtension(extension));
}

// The same of google.protobuf.ServiceOptions, from the .proto alone.
template <class Extension>
auto service_option(const Site& site, const Extension& extension) {
  google::protobuf::ServiceOptions options;
  using Value = std::remove_cvref_t<decltype(options.GetExtension(extension))>;
  if (site.method.of == nullptr ||
      !options.ParseFromArray(site.method.of->options.data(), static_cast<int>(site.method.of->options.size())) ||
      !options.HasExtension(extension))
    return std::optional<Value>();
  return std::optional<Value>(options.GetExtension(extension));
}

}  // namespace pintle
