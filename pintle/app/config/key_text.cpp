#include <pintle/app/config/internal/key_text.hpp>

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <pintle/app/config/internal/value.hpp>

namespace pintle::app {

namespace {

using google::protobuf::FieldDescriptor;

std::string fallback_of(const FieldDescriptor& field) {
  if (rule(field).required()) return "must be set";
  if (!rule(field).like().empty()) return "those of " + rule(field).like();
  if (const std::string& said = rule(field).default_(); !said.empty()) return said;
  if (field.is_repeated() || !is_value(field)) return "empty";
  const auto* message = google::protobuf::MessageFactory::generated_factory()->GetPrototype(field.containing_type());
  const std::string value = format_value(field, load(*message, field));
  return value.empty() ? "empty" : value;
}

std::string range_of(const std::string& low, const std::string& high) {
  if (!low.empty() && !high.empty()) return fmt::format("{} to {}", low, high);
  if (!low.empty()) return "at least " + low;
  return high.empty() ? "" : "at most " + high;
}

}  // namespace

KeyText text_of(const FieldDescriptor& field) {
  std::string type = rule(field).like().empty() ? type_of(field) : "keys of section " + rule(field).like();
  if (field.is_repeated() && !field.is_map())
    type.insert(0, "list of ").append(entries_of(field) != nullptr ? "s" : "");
  return {std::move(type), fallback_of(field), range_of(rule(field).min(), rule(field).max()), rule(field).doc()};
}

const google::protobuf::Descriptor* entries_of(const FieldDescriptor& field) {
  return field.is_repeated() && !field.is_map() && !is_value(field) ? field.message_type() : nullptr;
}

bool is_group(const FieldDescriptor& field) {
  return !field.is_repeated() && !is_value(field) && rule(field).like().empty();
}

std::string section_of(const std::string& key) { return key.substr(0, key.find('.')); }

}  // namespace pintle::app
