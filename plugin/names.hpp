// What the things of a .proto are called in C++, and what happens when C++ has the name already.
//
// The rule, for services and methods alike: a name that C++ reserves, that the generated classes use themselves or that
// is taken already gets an underscore at its end, and another one until it is free. Names that need no underscore are
// given first, so that a method called `delete_` keeps its name beside one called `delete`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

namespace pintle::plugin {

struct MethodNames {
  std::string method;  // of the virtual function and of the stubs' functions
  std::string into;    // of the virtual function that fills a pooled response; empty unless the method is unary
  std::string path;    // of the constant that holds the method's path
};

// In the order of the methods.
std::vector<MethodNames> method_names(const google::protobuf::ServiceDescriptor& service);

// The class of each service of a file, in their order. Free of clashes with the classes and constants that protoc
// generates for the same file.
std::vector<std::string> class_names(const google::protobuf::FileDescriptor& file);

// "items::v1" for the package items.v1, as protoc names it; empty without a package.
std::string namespace_of(const google::protobuf::FileDescriptor& file);

// The part of a package's name that C++ reserves; empty when there is none. protoc 3.21 does not escape these: what it
// writes for such a package is no C++.
std::string reserved_part(std::string_view package);

// "::items::v1::Outer_Inner".
std::string type_name(const google::protobuf::Descriptor& message);

// "items/v1/items" for items/v1/items.proto: what the names of generated files begin with.
std::string stem_of(const google::protobuf::FileDescriptor& file);

}  // namespace pintle::plugin
