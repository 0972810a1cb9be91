#include <pintle/app/config/internal/draft.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <pintle/app/config/internal/value.hpp>
#include <pintle/app/config/internal/yaml_reader.hpp>

namespace pintle::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void fill(Message& message, std::vector<const Descriptor*>& above) {
  const Descriptor& type = *message.GetDescriptor();
  if (std::ranges::find(above, &type) != above.end()) return;
  above.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string& text = rule(field).default_();
    if (field.real_containing_oneof() != nullptr) continue;
    if (is_value(field)) {
      if (text.empty()) {
        if (!field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
            !rule(field).may_be_none()) {
          store(message, field, Duration::zero());
        }
        continue;
      }
      std::string_view rest = text;
      if (field.is_repeated()) rest = rest.substr(rest.starts_with('[')), rest.remove_suffix(rest.ends_with(']'));
      while (!rest.empty()) {
        const std::size_t comma = field.is_repeated() ? rest.find(',') : std::string_view::npos;
        std::string_view part = rest.substr(0, comma);
        while (field.is_repeated() && part.starts_with(' ')) part.remove_prefix(1);
        if (const auto value = parse_value(field, part)) store(message, field, *value);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      }
    } else if (!field.is_repeated()) {
      fill(*message.GetReflection()->MutableMessage(&message, &field), above);
    }
  }
  above.pop_back();
}

bool is_set(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
  return reflection.HasField(message, &field);  // for a proto3 text: is not empty
}

}  // namespace

void fill_defaults(Message& message) {
  std::vector<const Descriptor*> above;
  fill(message, above);
}

Draft::Draft(const Schema& of) : schema(of) {
  for (const ConfigSection& section : schema.sections()) {
    sections.emplace_back(section.key(), section.prototype().New());
    fill_defaults(*sections.back().second);
  }
  for (const Schema::Key& key : schema.keys()) origins.emplace(key.path, "default");
}

Message* Draft::section(std::string_view key) {
  const auto at = std::ranges::find(sections, key, [](const auto& s) -> std::string_view { return s.first; });
  return at == sections.end() ? nullptr : at->second.get();
}

void Draft::apply(const std::string& path, std::string_view text, const std::string& where) {
  // What was read from a file (a secret that became a variable) ends with a line break that nobody meant.
  const std::string_view meant = text.substr(0, text.find_last_not_of("\r\n") + 1);
  const std::string origin = meant == text ? where : where + " without the line break at its end";
  text = meant;

  // Down to the message that holds the field; the schema has said that the path exists.
  std::string_view rest = path;
  std::size_t dot = rest.find('.');
  Message* message = section(rest.substr(0, dot));
  rest.remove_prefix(dot + 1);
  while ((dot = rest.find('.')) != std::string_view::npos) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(std::string(rest.substr(0, dot)));
    const bool fresh = !message->GetReflection()->HasField(*message, field);
    message = message->GetReflection()->MutableMessage(message, field);
    if (fresh) fill_defaults(*message);
    rest.remove_prefix(dot + 1);
  }
  const FieldDescriptor& field = *message->GetDescriptor()->FindFieldByName(std::string(rest));

  if (!is_value(field) || (field.is_repeated() && text.starts_with('['))) {
    read_yaml_value(*this, *message, field, path, text, origin);
    return;
  }
  std::vector<Value> values;
  bool more = !field.is_repeated() || !text.empty();
  while (more) {
    const std::size_t comma = field.is_repeated() ? text.find(',') : std::string_view::npos;
    auto value = parse_value(field, text.substr(0, comma));
    if (!value) {
      fail({where, 0, 0, path, value.error().what, value.error().mend});
      return;
    }
    values.push_back(std::move(*value));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  message->GetReflection()->ClearField(message, &field);
  for (const Value& value : values) store(*message, field, value);
  origins[path] = origin;
}

namespace {

// Values of `from` into `into`, whose keys begin with `path`, where nothing was set.
void copy_unset(const Draft& draft, const Message& from, Message& into, const std::string& path) {
  for (int i = 0; i < into.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *into.GetDescriptor()->field(i);
    const std::string key = path + '.' + field.name();
    if (!is_value(field) && !field.is_repeated()) {
      copy_unset(draft, from.GetReflection()->GetMessage(from, &field),
                 *into.GetReflection()->MutableMessage(&into, &field), key);
    } else if (!draft.origins.contains(key)) {
      into.GetReflection()->ClearField(&into, &field);
      const std::unique_ptr<Message> only(from.New());
      only->CopyFrom(from);
      std::vector<const FieldDescriptor*> others;
      only->GetReflection()->ListFields(*only, &others);
      for (const FieldDescriptor* other : others)
        if (other != &field) only->GetReflection()->ClearField(only.get(), other);
      into.MergeFrom(*only);
    }
  }
}

void inherit_in(Draft& draft, Message& message, const std::string& path) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const std::string key = path + '.' + field.name();
    if (is_value(field) || field.is_map()) continue;
    if (field.is_repeated()) {
      for (int n = 0; n < reflection.FieldSize(message, &field); ++n)
        inherit_in(draft, *reflection.MutableRepeatedMessage(&message, &field, n), fmt::format("{}[{}]", key, n));
    } else if (const Message* like = draft.section(rule(field).like()); like != nullptr) {
      copy_unset(draft, *like, *reflection.MutableMessage(&message, &field), key);
    } else if (reflection.HasField(message, &field)) {
      inherit_in(draft, *reflection.MutableMessage(&message, &field), key);
    }
  }
}

}  // namespace

void Draft::inherit() {
  for (const auto& [key, message] : sections) inherit_in(*this, *message, key);
}

namespace {

void check_message(Draft& draft, const Message& message, const std::string& path) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const std::string key = path + '.' + field.name();
    const auto origin = draft.origins.find(key);
    const bool untouched = origin == draft.origins.end() || origin->second == "default";
    if (rule(field).required() && !is_set(message, field) &&
        (untouched || field.cpp_type() == FieldDescriptor::CPPTYPE_STRING || field.is_repeated()) &&
        std::ranges::none_of(draft.errors, [&](const ConfigError& e) { return e.key == key; })) {
      const std::string doc = rule(field).doc().empty() ? "" : fmt::format(" ({})", rule(field).doc());
      const bool has_key = draft.schema.find(key) != nullptr;
      draft.fail({"", 0, 0, key, fmt::format("must be set{}", doc),
                  has_key ? fmt::format("write it in the file, as {} or as --{}", variable_of(key), key)
                          : std::string("write it in the file")});
    }
    if (is_value(field) || field.is_map()) continue;
    if (field.is_repeated()) {
      for (int n = 0; n < reflection.FieldSize(message, &field); ++n) {
        check_message(draft, reflection.GetRepeatedMessage(message, &field, n), fmt::format("{}[{}]", key, n));
      }
    } else if (reflection.HasField(message, &field)) {
      check_message(draft, reflection.GetMessage(message, &field), key);
    }
  }
}

}  // namespace

void Draft::check_required() {
  for (const auto& [key, message] : sections) check_message(*this, *message, key);
}

}  // namespace pintle::app
