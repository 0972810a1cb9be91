#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "write.hpp"

namespace pintle::plugin {
namespace {

using google::protobuf::io::Printer;

const char* service_bodies(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "::pintle::Task<::pintle::Result<$response$>> $class$::Service::$method$(\n"
             "    ::pintle::Call& call, const $request$&) {\n"
             "  co_return ::std::unexpected(::pintle::codegen::unimplemented_method(call));\n"
             "}\n"
             "::pintle::Task<::pintle::Status> $class$::Service::$into$(\n"
             "    ::pintle::Call&, const $request$&, $response$&) {\n"
             "  return ::pintle::Task<::pintle::Status>::none();\n"
             "}\n\n";
    case Shape::client_stream:
      return "::pintle::Task<::pintle::Result<$response$>> $class$::Service::$method$(\n"
             "    ::pintle::Call& call, ::pintle::Reader<$request$>&) {\n"
             "  co_return ::std::unexpected(::pintle::codegen::unimplemented_method(call));\n"
             "}\n\n";
    case Shape::server_stream:
      return "::pintle::Task<::pintle::Status> $class$::Service::$method$(\n"
             "    ::pintle::Call& call, const $request$&, ::pintle::Writer<$response$>&) {\n"
             "  co_return ::pintle::codegen::unimplemented_method(call);\n"
             "}\n\n";
    case Shape::bidi:
      return "::pintle::Task<::pintle::Status> $class$::Service::$method$(\n"
             "    ::pintle::Call& call, ::pintle::Reader<$request$>&, ::pintle::Writer<$response$>&) {\n"
             "  co_return ::pintle::codegen::unimplemented_method(call);\n"
             "}\n\n";
  }
  return "";
}

const char* handler_cases(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "    case $index$:\n"
             "      return ::pintle::codegen::unary<&Service::$method$, &Service::$into$>(*this);\n";
    case Shape::client_stream:
      return "    case $index$:\n"
             "      return ::pintle::codegen::client_streaming<&Service::$method$>(*this);\n";
    case Shape::server_stream:
      return "    case $index$:\n"
             "      return ::pintle::codegen::server_streaming<&Service::$method$>(*this);\n";
    case Shape::bidi:
      return "    case $index$:\n"
             "      return ::pintle::codegen::bidi<&Service::$method$>(*this);\n";
  }
  return "";
}

const char* stub_bodies(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "::pintle::Task<::pintle::Result<$response$>> $class$::Stub::$method$(\n"
             "    const $request$& request, ::pintle::CallOptions options) const {\n"
             "  return ::pintle::codegen::unary_call<$request$, $response$>(\n"
             "      channel_, *chains_[$index$], methods_[$index$], request, ::std::move(options));\n"
             "}\n"
             "::pintle::Task<::pintle::Result<$response$>> $class$::Stub::$method$(\n"
             "    $request$&& request, ::pintle::CallOptions options) const {\n"
             "  return ::pintle::codegen::unary_call_owning<$request$, $response$>(\n"
             "      channel_, *chains_[$index$], methods_[$index$], ::std::move(request), ::std::move(options));\n"
             "}\n\n";
    case Shape::client_stream:
      return "::pintle::codegen::Opening<::pintle::ClientStream<$request$, $response$>>\n"
             "$class$::Stub::$method$(::pintle::CallOptions options) const {\n"
             "  return {*chains_[$index$], methods_[$index$], ::std::move(options), channel_};\n"
             "}\n\n";
    case Shape::server_stream:
      return "::pintle::codegen::Opening<::pintle::ServerStream<$response$>> $class$::Stub::$method$(\n"
             "    const $request$& request, ::pintle::CallOptions options) const {\n"
             "  return {*chains_[$index$], methods_[$index$],\n"
             "          ::pintle::Message(&request, ::pintle::type_of<$request$>), ::std::move(options), channel_};\n"
             "}\n\n";
    case Shape::bidi:
      return "::pintle::codegen::Opening<::pintle::BidiStream<$request$, $response$>>\n"
             "$class$::Stub::$method$(::pintle::CallOptions options) const {\n"
             "  return {*chains_[$index$], methods_[$index$], ::std::move(options), channel_};\n"
             "}\n\n";
  }
  return "";
}

const char* blocking_bodies(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "::pintle::Result<$response$> $class$::BlockingStub::$method$(\n"
             "    const $request$& request, ::pintle::CallOptions options) const {\n"
             "  return ::pintle::codegen::blocking(channel_, stub_.$method$(request, ::std::move(options)));\n"
             "}\n\n";
    case Shape::client_stream:
      return "::pintle::BlockingClientStream<$request$, $response$>\n"
             "$class$::BlockingStub::$method$(::pintle::CallOptions options) const {\n"
             "  return ::pintle::codegen::blocking(channel_, stub_.$method$(::std::move(options)));\n"
             "}\n\n";
    case Shape::server_stream:
      return "::pintle::BlockingServerStream<$response$> $class$::BlockingStub::$method$(\n"
             "    const $request$& request, ::pintle::CallOptions options) const {\n"
             "  return ::pintle::codegen::blocking(channel_, stub_.$method$(request, ::std::move(options)));\n"
             "}\n\n";
    case Shape::bidi:
      return "::pintle::BlockingBidiStream<$request$, $response$>\n"
             "$class$::BlockingStub::$method$(::pintle::CallOptions options) const {\n"
             "  return ::pintle::codegen::blocking(channel_, stub_.$method$(::std::move(options)));\n"
             "}\n\n";
  }
  return "";
}

void write_rules(Printer& out, const FileModel& file) {
  if (file.rules.types.empty()) return;
  out.Print("\n#include <cstdint>\n#include <limits>\n\n#include <pintle/validate/codegen.hpp>\n\n");
  if (!file.space.empty()) out.Print("namespace $space$ {\n", "space", file.space);
  out.Print("namespace {\n\n");
  out.PrintRaw(file.rules.constants);
  out.Print("\n}  // namespace\n\n");
  out.PrintRaw(file.rules.bodies);
  if (!file.space.empty()) out.Print("}  // namespace $space$\n", "space", file.space);
}

void write_tables(Printer& out, const FileModel& file, const ServiceModel& service) {
  if (!service.methods.empty()) {
    out.Print("constinit const ::pintle::MethodInfo $class$::methods_[] = {\n", "class", service.name);
    for (const MethodModel& method : service.methods)
      out.Print(
          method.variables,
          "    {$path_constant$, kName, \"$name$\", ::pintle::Kind::$kind$, ::pintle::Idempotency::$idempotency$,\n"
          "     &::pintle::type_of<$request$>,\n"
          "     &::pintle::type_of<$response$>, $options$, &service_$validate$},\n");
    out.Print("};\n\n");
  }
  out.Print(
      "constinit const ::pintle::ServiceInfo $class$::service_ = {kName, \"$proto$\", $methods$, $options$};\n"
      "const ::pintle::ServiceInfo& $class$::info() { return service_; }\n\n",
      "class", service.name, "proto", file.proto, "methods", service.methods.empty() ? "{}" : "methods_", "options",
      service.options);
}

void write_service(Printer& out, const ServiceModel& service) {
  for (const MethodModel& method : service.methods) {
    Variables variables = method.variables;
    variables["class"] = service.name;
    out.Print(variables, service_bodies(method.shape));
  }
  out.Print(
      "const ::pintle::ServiceInfo& $class$::Service::info() const { return $qualified$::info(); }\n\n"
      "::std::unique_ptr<::pintle::Handler> $class$::Service::handler([[maybe_unused]] ::std::size_t index) {\n",
      "class", service.name, "qualified", service.qualified);
  if (!service.methods.empty()) {
    out.Print("  switch (index) {\n");
    for (const MethodModel& method : service.methods) out.Print(method.variables, handler_cases(method.shape));
    out.Print("  }\n");
  }
  out.Print(
      "  return nullptr;\n"
      "}\n\n");
}

void write_stub(Printer& out, const ServiceModel& service) {
  out.Print("$class$::Stub::Stub(::std::shared_ptr<::pintle::Channel> channel) : channel_(::std::move(channel)) {\n",
            "class", service.name);
  if (!service.methods.empty())
    out.Print("  for (::std::size_t i = 0; i < chains_.size(); ++i) chains_[i] = &channel_->method(methods_[i]);\n");
  out.Print("}\n\n");
  for (const MethodModel& method : service.methods) {
    Variables variables = method.variables;
    variables["class"] = service.name;
    out.Print(variables, stub_bodies(method.shape));
  }
}

void write_blocking_stub(Printer& out, const ServiceModel& service) {
  out.Print(
      "$class$::BlockingStub::BlockingStub(::std::shared_ptr<::pintle::Channel> channel)\n"
      "    : channel_(::std::move(channel)), stub_(channel_) {}\n\n",
      "class", service.name);
  for (const MethodModel& method : service.methods) {
    Variables variables = method.variables;
    variables["class"] = service.name;
    out.Print(variables, blocking_bodies(method.shape));
  }
}

}  // namespace

std::string write_source(const FileModel& file) {
  std::string text;
  {
    google::protobuf::io::StringOutputStream stream(&text);
    Printer out(&stream, '$');
    out.Print(
        "// Generated by protoc-gen-pintle from $proto$. Do not edit.\n"
        "#include \"$stem$.pintle.hpp\"\n",
        "proto", file.proto, "stem", file.stem);
    write_rules(out, file);
    if (!file.services.empty()) {
      out.Print("\n");
      if (file.deprecated) out.PrintRaw(kQuietBegin);
      if (!file.space.empty()) out.Print("namespace $space$ {\n\n", "space", file.space);
      for (const ServiceModel& service : file.services) {
        write_tables(out, file, service);
        write_service(out, service);
        write_stub(out, service);
        if (file.parameters.blocking) write_blocking_stub(out, service);
      }
      if (!file.space.empty()) out.Print("}  // namespace $space$\n", "space", file.space);
      if (file.deprecated) out.PrintRaw(kQuietEnd);
    }
  }
  return text;
}

}  // namespace pintle::plugin
