#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "write.hpp"

namespace pintle::plugin {
namespace {

using google::protobuf::io::Printer;

const char* service_signatures(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "    virtual ::pintle::Task<::pintle::Result<$response$>> $method$(::pintle::Call& call,\n"
             "        const $request$& request);\n"
             "    [[clang::coro_wrapper]] virtual ::pintle::Task<::pintle::Status> $into$(::pintle::Call& call,\n"
             "        const $request$& request, $response$& response);\n";
    case Shape::client_stream:
      return "    virtual ::pintle::Task<::pintle::Result<$response$>> $method$(::pintle::Call& call,\n"
             "        ::pintle::Reader<$request$>& requests);\n";
    case Shape::server_stream:
      return "    virtual ::pintle::Task<::pintle::Status> $method$(::pintle::Call& call,\n"
             "        const $request$& request, ::pintle::Writer<$response$>& responses);\n";
    case Shape::bidi:
      return "    virtual ::pintle::Task<::pintle::Status> $method$(::pintle::Call& call,\n"
             "        ::pintle::Reader<$request$>& requests, ::pintle::Writer<$response$>& responses);\n";
  }
  return "";
}

const char* stub_signatures(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "    $deprecated$[[clang::coro_wrapper]] ::pintle::Task<::pintle::Result<$response$>> $method$(\n"
             "        const $request$& request [[clang::lifetimebound]], ::pintle::CallOptions options = {}) const;\n"
             "    $deprecated$[[clang::coro_wrapper, clang::coro_disable_lifetimebound]]\n"
             "    ::pintle::Task<::pintle::Result<$response$>> $method$(\n"
             "        $request$&& request, ::pintle::CallOptions options = {}) const;\n";
    case Shape::client_stream:
      return "    $deprecated$::pintle::codegen::Opening<::pintle::ClientStream<$request$, $response$>>\n"
             "    $method$(::pintle::CallOptions options = {}) const;\n";
    case Shape::server_stream:
      return "    $deprecated$::pintle::codegen::Opening<::pintle::ServerStream<$response$>> $method$(\n"
             "        const $request$& request [[clang::lifetimebound]], ::pintle::CallOptions options = {}) const;\n";
    case Shape::bidi:
      return "    $deprecated$::pintle::codegen::Opening<::pintle::BidiStream<$request$, $response$>>\n"
             "    $method$(::pintle::CallOptions options = {}) const;\n";
  }
  return "";
}

const char* blocking_signatures(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "    $deprecated$::pintle::Result<$response$> $method$(\n"
             "        const $request$& request, ::pintle::CallOptions options = {}) const;\n";
    case Shape::client_stream:
      return "    $deprecated$::pintle::BlockingClientStream<$request$, $response$>\n"
             "    $method$(::pintle::CallOptions options = {}) const;\n";
    case Shape::server_stream:
      return "    $deprecated$::pintle::BlockingServerStream<$response$> $method$(\n"
             "        const $request$& request, ::pintle::CallOptions options = {}) const;\n";
    case Shape::bidi:
      return "    $deprecated$::pintle::BlockingBidiStream<$request$, $response$>\n"
             "    $method$(::pintle::CallOptions options = {}) const;\n";
  }
  return "";
}

Variables with_deprecated(const MethodModel& method) {
  Variables variables = method.variables;
  variables["deprecated"] = method.deprecated ? "[[deprecated]] " : "";
  return variables;
}

void write_service_class(Printer& out, const ServiceModel& service) {
  out.Print(
      "  // What a server implements: a method that is not overridden answers UNIMPLEMENTED. Called on every loop of "
      "the\n"
      "  // server at once. A unary method may be overridden in either form; the one ending in Into fills a pooled "
      "response.\n"
      "  class Service : public ::pintle::Service {\n"
      "   public:\n");
  for (const MethodModel& method : service.methods) {
    out.PrintRaw(method.comment);
    out.Print(method.variables, service_signatures(method.shape));
  }
  if (!service.methods.empty()) out.Print("\n");
  out.Print(
      "    const ::pintle::ServiceInfo& info() const final;\n"
      "    ::std::unique_ptr<::pintle::Handler> handler(::std::size_t index) final;\n"
      "  };\n\n");
}

void write_stub_class(Printer& out, const ServiceModel& service) {
  out.Print(
      "  // Makes calls from coroutines. Cheap to copy; usable on every loop. A request passed by reference must live "
      "until\n"
      "  // the call is done; one that is moved in need not.\n"
      "  class $deprecated$Stub {\n"
      "   public:\n"
      "    explicit Stub(::std::shared_ptr<::pintle::Channel> channel);\n\n",
      "deprecated", service.deprecated ? "[[deprecated]] " : "");
  for (const MethodModel& method : service.methods) {
    out.PrintRaw(method.comment);
    out.Print(with_deprecated(method), stub_signatures(method.shape));
  }
  if (!service.methods.empty()) out.Print("\n");
  out.Print(
      "   private:\n"
      "    ::std::shared_ptr<::pintle::Channel> channel_;\n");
  if (!service.methods.empty())
    out.Print("    ::std::array<::pintle::Handler*, $count$> chains_;\n", "count",
              std::to_string(service.methods.size()));
  out.Print("  };\n");
}

void write_blocking_stub_class(Printer& out, const ServiceModel& service) {
  out.Print(
      "\n"
      "  // The same for threads that may block: main(), tests, tools. Never on a loop's thread.\n"
      "  class $deprecated$BlockingStub {\n"
      "   public:\n"
      "    explicit BlockingStub(::std::shared_ptr<::pintle::Channel> channel);\n\n",
      "deprecated", service.deprecated ? "[[deprecated]] " : "");
  for (const MethodModel& method : service.methods) {
    out.PrintRaw(method.comment);
    out.Print(with_deprecated(method), blocking_signatures(method.shape));
  }
  if (!service.methods.empty()) out.Print("\n");
  out.Print(
      "   private:\n"
      "    ::std::shared_ptr<::pintle::Channel> channel_;\n"
      "    Stub stub_;\n"
      "  };\n");
}

void write_service(Printer& out, const FileModel& file, const ServiceModel& service) {
  out.PrintRaw(service.comment);
  out.Print(
      "class $class$ {\n"
      " public:\n"
      "  static constexpr ::std::string_view kName = \"$full_name$\";\n",
      "class", service.name, "full_name", service.full_name);
  for (const MethodModel& method : service.methods)
    out.Print(method.variables, "  static constexpr ::std::string_view $path_constant$ = \"$path$\";\n");
  out.Print("  static const ::pintle::ServiceInfo& info();\n\n");
  write_service_class(out, service);
  write_stub_class(out, service);
  if (file.parameters.blocking) write_blocking_stub_class(out, service);
  out.Print(
      "\n"
      " private:\n"
      "  static const ::pintle::ServiceInfo service_;\n");
  if (!service.methods.empty())
    out.Print("  static const ::pintle::MethodInfo methods_[$count$];\n", "count",
              std::to_string(service.methods.size()));
  out.Print("};\n");
}

void write_validators(Printer& out, const FileModel& file) {
  if (file.rules.types.empty()) return;
  out.Print("\n");
  if (!file.space.empty()) out.Print("namespace $space$ {\n\n", "space", file.space);
  out.Print("// What the rules in the .proto say of a message: ::pintle::violations_of() asks them.\n");
  for (const std::string& type : file.rules.types)
    out.Print(
        "void check_rules(const $type$& message, ::pintle::validate::Report& report,\n"
        "                 const ::pintle::validate::Place* above);\n",
        "type", type);
  if (!file.space.empty()) out.Print("\n}  // namespace $space$\n", "space", file.space);
}

}  // namespace

std::string write_header(const FileModel& file) {
  std::string text;
  {
    google::protobuf::io::StringOutputStream stream(&text);
    Printer out(&stream, '$');
    out.Print(
        "// Generated by protoc-gen-pintle from $proto$. Do not edit.\n"
        "#pragma once\n\n",
        "proto", file.proto);
    out.Print(
        "#include <pintle/rpc/codegen.hpp>\n\n"
        "#include \"$stem$.pb.h\"\n",
        "stem", file.stem);
    for (const std::string& include : file.rules.includes) out.Print("#include \"$file$\"\n", "file", include);
    out.Print(
        "\n"
        "static_assert(::pintle::codegen::accepts<3>());\n");
    write_validators(out, file);
    if (!file.services.empty()) {
      out.Print("\n");
      if (file.deprecated) out.PrintRaw(kQuietBegin);
      if (!file.space.empty()) out.Print("namespace $space$ {\n\n", "space", file.space);
      for (std::size_t i = 0; i < file.services.size(); ++i) {
        if (i > 0) out.Print("\n");
        write_service(out, file, file.services[i]);
      }
      if (!file.space.empty()) out.Print("\n}  // namespace $space$\n", "space", file.space);
      if (file.deprecated) out.PrintRaw(kQuietEnd);
    }
  }
  return text;
}

}  // namespace pintle::plugin
