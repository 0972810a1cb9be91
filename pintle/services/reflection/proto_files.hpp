// The .proto files of a program, as reflection gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class DescriptorPool;
class FileDescriptor;
}  // namespace google::protobuf

namespace pintle {

// Any thread. Names are full ones, without a leading dot; null and nothing: there is no such thing.
class ProtoFiles {
 public:
  using File = google::protobuf::FileDescriptor;
  explicit ProtoFiles(const google::protobuf::DescriptorPool& pool) : pool_(pool) {}
  // Those whose generated code is linked into the program.
  ProtoFiles();

  const File* by_name(std::string_view name) const;
  // Of a message, enum, service, method, field, oneof, enum value or extension.
  const File* with_symbol(std::string_view symbol) const;
  const File* with_extension(std::string_view type, std::int32_t number) const;
  // Ascending; empty: none. Nothing: there is no such message.
  std::optional<std::vector<std::int32_t>> extension_numbers(std::string_view type) const;

 private:
  const google::protobuf::DescriptorPool& pool_;
};

// Serialised FileDescriptorProto messages: `file`, and of those it needs, near and far, the ones that are not in
// `sent`, which grows.
std::vector<std::string> with_imports(const ProtoFiles::File& file, std::set<const ProtoFiles::File*>& sent);

}  // namespace pintle
