// The plugin as a function: protoc's request in, protoc's response out.
#pragma once

#include <google/protobuf/compiler/plugin.pb.h>

namespace pintle::plugin {

// Never fails otherwise than in response.error, which protoc and buf show to the user. The same request gives the same
// bytes; the order of the files in it does not matter.
google::protobuf::compiler::CodeGeneratorResponse generate(
    const google::protobuf::compiler::CodeGeneratorRequest& request);

}  // namespace pintle::plugin
