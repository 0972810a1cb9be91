// What is to be written about one .proto: names, types and comments, decided before the first line of C++.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "parameters.hpp"
#include "rules.hpp"

namespace pintle::plugin {

// The variables of one method's templates.
using Variables = std::map<std::string, std::string>;

enum class Shape { unary, client_stream, server_stream, bidi };

struct MethodModel {
  Shape shape;
  bool deprecated;
  std::string comment;
  // index, method, into, path_constant, path, name, request, response, kind, idempotency, service (the full name)
  Variables variables;
};

struct ServiceModel {
  std::string name;       // of the class
  std::string qualified;  // "::items::v1::ItemService"
  std::string full_name;  // "items.v1.ItemService"
  std::string comment;
  bool deprecated;
  std::string options;  // serialised, as an expression that makes a string_view
  std::vector<MethodModel> methods;
};

struct FileModel {
  std::string proto;  // "items/v1/items.proto"
  std::string stem;   // "items/v1/items"
  std::string space;  // "items::v1"
  bool deprecated;    // something that it mentions is
  Parameters parameters;
  RulesModel rules;
  std::vector<ServiceModel> services;
};

FileModel model_of(const google::protobuf::FileDescriptor& file, const Parameters& parameters);

// Why no code can be generated for `file`, with its name and the place; empty when it can.
std::string refusal(const google::protobuf::FileDescriptor& file);

}  // namespace pintle::plugin
