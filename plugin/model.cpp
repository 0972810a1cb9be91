#include <google/protobuf/descriptor.pb.h>

#include "comments.hpp"
#include "model.hpp"
#include "names.hpp"

namespace pintle::plugin {
namespace {

namespace pb = google::protobuf;

Shape shape_of(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? Shape::bidi : Shape::client_stream;
  return method.server_streaming() ? Shape::server_stream : Shape::unary;
}

std::string kind_name(Shape shape) {
  switch (shape) {
    case Shape::unary:
      return "unary";
    case Shape::client_stream:
      return "client_stream";
    case Shape::server_stream:
      return "server_stream";
    case Shape::bidi:
      return "bidi";
  }
  return {};
}

std::string idempotency_name(const pb::MethodDescriptor& method) {
  switch (method.options().idempotency_level()) {
    case pb::MethodOptions::NO_SIDE_EFFECTS:
      return "no_side_effects";
    case pb::MethodOptions::IDEMPOTENT:
      return "idempotent";
    default:
      return "unknown";
  }
}

// The bytes as a C++ expression that makes a string_view; every byte in octal, so that no escape runs into the next.
std::string bytes_expression(const std::string& bytes) {
  if (bytes.empty()) return "{}";
  std::string text = "{\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {'\\', static_cast<char>('0' + (byte >> 6)), static_cast<char>('0' + (byte >> 3 & 7)),
             static_cast<char>('0' + (byte & 7))};
  }
  return text + "\", " + std::to_string(bytes.size()) + "}";
}

MethodModel method_model(const pb::MethodDescriptor& method, const MethodNames& names) {
  MethodModel model;
  model.shape = shape_of(method);
  model.deprecated = method.options().deprecated();
  model.comment = leading_comment(method, "    ");
  model.variables = {
      {"index", std::to_string(method.index())},
      {"method", names.method},
      {"into", names.into},
      {"path_constant", names.path},
      {"path", "/" + method.service()->full_name() + "/" + method.name()},
      {"name", method.name()},
      {"service", method.service()->full_name()},
      {"request", type_name(*method.input_type())},
      {"response", type_name(*method.output_type())},
      {"kind", kind_name(model.shape)},
      {"idempotency", idempotency_name(method)},
      {"options", bytes_expression(method.options().SerializeAsString())},
      {"validate", has_rules(*method.input_type())
                       ? ", &::pintle::codegen::validate_as<" + type_name(*method.input_type()) + ">"
                       : ""},
  };
  return model;
}

bool mentions_deprecated(const pb::FileDescriptor& file) {
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    if (service.options().deprecated()) return true;
    for (int m = 0; m < service.method_count(); ++m) {
      const pb::MethodDescriptor& method = *service.method(m);
      if (method.options().deprecated() || method.input_type()->options().deprecated() ||
          method.output_type()->options().deprecated())
        return true;
    }
  }
  return false;
}

std::string lite_refusal(const pb::MethodDescriptor& method, const pb::Descriptor& type) {
  if (type.file()->options().optimize_for() != pb::FileOptions::LITE_RUNTIME) return {};
  return method.file()->name() + ": the method " + method.full_name() + " uses the message " + type.full_name() +
         " of " + type.file()->name() +
         ", which says optimize_for = LITE_RUNTIME; Pintle needs the full runtime: remove that option";
}

}  // namespace

FileModel model_of(const pb::FileDescriptor& file, const Parameters& parameters) {
  FileModel model;
  model.proto = file.name();
  model.stem = stem_of(file);
  model.space = namespace_of(file);
  model.deprecated = mentions_deprecated(file);
  model.parameters = parameters;
  model.rules = rules_of(file, parameters);
  const std::vector<std::string> classes = class_names(file);
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    const std::vector<MethodNames> names = method_names(service);
    ServiceModel of;
    of.name = classes[i];
    of.qualified = (model.space.empty() ? "::" : "::" + model.space + "::") + of.name;
    of.full_name = service.full_name();
    of.options = bytes_expression(service.options().SerializeAsString());
    of.comment = leading_comment(service, "");
    of.deprecated = service.options().deprecated();
    for (int m = 0; m < service.method_count(); ++m) of.methods.push_back(method_model(*service.method(m), names[m]));
    model.services.push_back(std::move(of));
  }
  return model;
}

std::string refusal(const pb::FileDescriptor& file) {
  if (const std::string part = reserved_part(file.package()); !part.empty())
    return file.name() + ": the package " + file.package() + " can't be a C++ namespace, because \"" + part +
           "\" is reserved: name it otherwise";
  if (file.service_count() > 0 && file.options().cc_generic_services())
    return file.name() +
           ": the option cc_generic_services = true makes protoc write classes of the same names as Pintle's: remove "
           "it";
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int m = 0; m < service.method_count(); ++m) {
      const pb::MethodDescriptor& method = *service.method(m);
      for (const pb::Descriptor* type : {method.input_type(), method.output_type()})
        if (std::string why = lite_refusal(method, *type); !why.empty()) return why;
    }
  }
  return {};
}

}  // namespace pintle::plugin
