#include <pintle/services/reflection/proto_files.hpp>

#include <algorithm>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

namespace pintle {

ProtoFiles::ProtoFiles() : ProtoFiles(*google::protobuf::DescriptorPool::generated_pool()) {}

const ProtoFiles::File* ProtoFiles::by_name(std::string_view name) const {
  return pool_.FindFileByName(std::string(name));
}

const ProtoFiles::File* ProtoFiles::with_symbol(std::string_view symbol) const {
  return pool_.FindFileContainingSymbol(std::string(symbol));
}

const ProtoFiles::File* ProtoFiles::with_extension(std::string_view type, std::int32_t number) const {
  const auto* message = pool_.FindMessageTypeByName(std::string(type));
  const auto* extension = message != nullptr ? pool_.FindExtensionByNumber(message, number) : nullptr;
  return extension != nullptr ? extension->file() : nullptr;
}

std::optional<std::vector<std::int32_t>> ProtoFiles::extension_numbers(std::string_view type) const {
  const auto* message = pool_.FindMessageTypeByName(std::string(type));
  if (message == nullptr) return std::nullopt;
  std::vector<const google::protobuf::FieldDescriptor*> extensions;
  pool_.FindAllExtensions(message, &extensions);
  std::vector<std::int32_t> numbers;
  for (const auto* extension : extensions) numbers.push_back(extension->number());
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<std::string> with_imports(const ProtoFiles::File& file, std::set<const ProtoFiles::File*>& sent) {
  std::vector<const ProtoFiles::File*> wanted = {&file};
  sent.insert(&file);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    for (int d = 0; d < wanted[i]->dependency_count(); ++d)
      if (const auto* import = wanted[i]->dependency(d); sent.insert(import).second) wanted.push_back(import);
  std::vector<std::string> texts;
  for (const ProtoFiles::File* one : wanted) {
    google::protobuf::FileDescriptorProto proto;
    one->CopyTo(&proto);
    texts.push_back(proto.SerializeAsString());
  }
  return texts;
}

}  // namespace pintle
