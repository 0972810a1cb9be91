#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <pintle/app/config/internal/key_text.hpp>
#include <pintle/app/config/internal/schema.hpp>

namespace pintle {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::string in_a_cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

std::string row(const std::string& key, const FieldDescriptor& field) {
  const app::KeyText text = app::text_of(field);
  return fmt::format("| `{}` | {}{} | `{}` | {} |\n", key, in_a_cell(text.type),
                     text.range.empty() ? "" : ", " + text.range, in_a_cell(text.fallback), in_a_cell(text.doc));
}

constexpr std::string_view kHead = "| key | takes | default | what |\n|---|---|---|---|\n";

// The tables of the lists of sections within one section, and of the lists within those.
class Entries {
 public:
  void add(const std::string& key, const FieldDescriptor& field) {
    const Descriptor* type = app::entries_of(field);
    if (type == nullptr || std::ranges::find(above_, type) != above_.end()) return;
    above_.push_back(type);
    out_ += fmt::format("\nEach entry of `{}`:\n\n{}", key, kHead);
    fields(*type, "", &Entries::write);
    fields(*type, key + "[].", &Entries::add);
    above_.pop_back();
  }
  std::string take() { return std::exchange(out_, ""); }

 private:
  void write(const std::string& key, const FieldDescriptor& field) { out_ += row(key, field); }

  void fields(const Descriptor& type, const std::string& before,
              void (Entries::*each)(const std::string&, const FieldDescriptor&)) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string key = before + field.name();
      if (app::is_group(field))
        fields(*field.message_type(), key + '.', each);
      else
        (this->*each)(key, field);
    }
  }

  std::string out_;
  std::vector<const Descriptor*> above_;  // a recursive message is described once
};

}  // namespace

std::string config_reference(std::string_view program, const std::vector<ConfigSection>& sections) {
  std::string out = fmt::format(
      "# Configuration of {}\n\n"
      "Printed by `{} --print-reference`. A key stands in the file named by `--config`, in the environment (`{}` for\n"
      "`server.port`; with `_FILE` behind it, the path of a file that holds the value) or on the command line\n"
      "(`--server.port 50051`); a flag counts more than the environment, and that more than the file.\n",
      program, program, app::variable_of("server.port"));
  const app::Schema schema(sections);
  Entries entries;
  std::string section;
  for (const app::Schema::Key& key : schema.keys()) {
    if (std::string now = app::section_of(key.path); now != section) {
      section = std::move(now);
      out += entries.take() + fmt::format("\n## {}\n\n{}", section, kHead);
    }
    out += row(key.path, *key.field);
    entries.add(key.path, *key.field);
  }
  return out + entries.take();
}

}  // namespace pintle
