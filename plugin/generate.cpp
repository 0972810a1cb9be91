#include <expected>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include "generate.hpp"
#include "model.hpp"
#include "parameters.hpp"
#include "write.hpp"

namespace pintle::plugin {
namespace {

namespace pb = google::protobuf;

class Collector final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (!text.empty()) text += '\n';
    text += file + ": " + element + ": " + message;
  }
  std::string text;
};

// libprotoc 3.21 knows proto2 and proto3; buf and newer protocs hand editions on.
std::string editions_refusal(const pb::FileDescriptorProto& file) {
  if (file.syntax().empty() || file.syntax() == "proto2" || file.syntax() == "proto3") return {};
  return file.name() + ": uses " + file.syntax() +
         ", which protoc-gen-pintle does not support: it is built on Protobuf 3.21. Write syntax = \"proto3\" or "
         "\"proto2\"";
}

void add(pb::compiler::CodeGeneratorResponse& response, std::string name, std::string content) {
  auto* file = response.add_file();
  file->set_name(std::move(name));
  file->set_content(std::move(content));
}

std::expected<pb::compiler::CodeGeneratorResponse, std::string> try_generate(
    const pb::compiler::CodeGeneratorRequest& request) {
  const auto parameters = parse_parameters(request.parameter());
  if (!parameters) return std::unexpected(parameters.error());

  pb::SimpleDescriptorDatabase files;
  for (const pb::FileDescriptorProto& file : request.proto_file()) {
    if (std::string why = editions_refusal(file); !why.empty()) return std::unexpected(why);
    files.Add(file);
  }
  Collector errors;
  pb::DescriptorPool pool(&files, &errors);
  pb::compiler::CodeGeneratorResponse response;
  for (const std::string& name : request.file_to_generate()) {
    const pb::FileDescriptor* file = pool.FindFileByName(name);
    if (file == nullptr)
      return std::unexpected(errors.text.empty() ? name + ": not among the files of the request" : errors.text);
    if (std::string why = refusal(*file); !why.empty()) return std::unexpected(why);
    if (!parameters->defer_rules)
      if (std::string why = rules_refusal(*file); !why.empty()) return std::unexpected(why);
    const FileModel model = model_of(*file, *parameters);
    add(response, model.stem + ".pintle.hpp", write_header(model));
    add(response, model.stem + ".pintle.cpp", write_source(model));
  }
  return response;
}

}  // namespace

pb::compiler::CodeGeneratorResponse generate(const pb::compiler::CodeGeneratorRequest& request) {
  auto made = try_generate(request);
  pb::compiler::CodeGeneratorResponse response;
  if (made)
    response = std::move(*made);
  else
    response.set_error(made.error());
  response.set_supported_features(pb::compiler::CodeGeneratorResponse::FEATURE_PROTO3_OPTIONAL);
  return response;
}

}  // namespace pintle::plugin
