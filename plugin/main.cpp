// protoc-gen-pintle: a plugin of protoc and buf; reads a CodeGeneratorRequest from stdin, writes the response to
// stdout.
#include <cstdio>
#include <cstring>

#include <fmt/core.h>

#include "generate.hpp"

namespace {

int usage(std::FILE* to) {
  fmt::print(to, "protoc-gen-pintle " PINTLE_VERSION
                 ": writes Pintle's service classes and stubs\n"
                 "\n"
                 "  protoc --cpp_out=DIR --pintle_out=DIR [--pintle_opt=blocking=false] FILE.proto\n"
                 "\n"
                 "protoc and buf run it as a plugin; by itself it answers --version and --help only.\n");
  return to == stdout ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    fmt::print("protoc-gen-pintle " PINTLE_VERSION "\n");
    return 0;
  }
  if (argc > 1) return usage(argc == 2 && std::strcmp(argv[1], "--help") == 0 ? stdout : stderr);

  google::protobuf::compiler::CodeGeneratorRequest request;
  if (!request.ParseFromFileDescriptor(fileno(stdin))) {
    fmt::print(stderr,
               "protoc-gen-pintle: what came on stdin is not a CodeGeneratorRequest; let protoc or buf run me\n");
    return 1;
  }
  if (!pintle::plugin::generate(request).SerializeToFileDescriptor(fileno(stdout))) {
    fmt::print(stderr, "protoc-gen-pintle: can't write to stdout\n");
    return 1;
  }
  return 0;
}
