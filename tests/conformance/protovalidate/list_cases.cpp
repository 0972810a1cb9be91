// A plugin of protoc that lists the messages of all files that it is given: an include for each file, a line
// CASE(type) for each message.
#include <string>

#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

namespace {

namespace pb = google::protobuf;

class ListCases final : public pb::compiler::CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
  bool Generate(const pb::FileDescriptor*, const std::string&, pb::compiler::GeneratorContext*,
                std::string*) const override {
    return true;
  }
  bool GenerateAll(const std::vector<const pb::FileDescriptor*>& files, const std::string&,
                   pb::compiler::GeneratorContext* context, std::string*) const override {
    std::string includes, types;
    for (const pb::FileDescriptor* file : files) {
      const std::string& name = file->name();
      includes += "#include <" + name.substr(0, name.size() - 6) + ".pintle.hpp>\n";
      for (int i = 0; i < file->message_type_count(); ++i) list(*file->message_type(i), types);
    }
    write(*context, "includes.inc", includes);
    write(*context, "types.inc", types);
    return true;
  }

 private:
  static void list(const pb::Descriptor& message, std::string& to) {
    if (message.options().map_entry()) return;
    to += "CASE(" + pb::compiler::cpp::QualifiedClassName(&message) + ")\n";
    for (int i = 0; i < message.nested_type_count(); ++i) list(*message.nested_type(i), to);
  }
  static void write(pb::compiler::GeneratorContext& context, const std::string& name, const std::string& text) {
    const std::unique_ptr<pb::io::ZeroCopyOutputStream> stream(context.Open(name));
    pb::io::Printer(stream.get(), '$').PrintRaw(text);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const ListCases generator;
  return pb::compiler::PluginMain(argc, argv, &generator);
}
