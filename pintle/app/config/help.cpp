#include <fmt/format.h>

#include <pintle/app/config/internal/key_text.hpp>
#include <pintle/app/config/internal/schema.hpp>

namespace pintle {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// What an entry of a list of sections may hold, in one line; a recursive message is told once.
std::string entry_line(const Descriptor& type, int depth = 0) {
  std::string out;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const Descriptor* below = app::is_group(field) ? field.message_type() : app::entries_of(field);
    if (!out.empty()) out += ", ";
    out += field.name();
    if (below == nullptr || depth == 2) continue;
    const std::string inner = entry_line(*below, depth + 1);
    out += app::is_group(field) ? ": {" + inner + "}" : ": [{" + inner + "}]";
  }
  return out;
}

}  // namespace

std::string config_help(std::string_view program, const std::vector<ConfigSection>& sections) {
  std::string out = fmt::format(
      "Usage: {} [--config FILE] [--KEY VALUE | --KEY=VALUE]...\n\n"
      "  --config FILE   read the configuration from a YAML file\n"
      "  --check-config  say whether the configuration is right, and end\n"
      "  --print-config  print the configuration in force with the origin of each value, and end\n"
      "  --print-chain   print the layers around every method, outermost first, and end\n"
      "  --explain-policy METHOD\n"
      "                  say who may call /package.Service/Method, and why, and end\n"
      "  --print-reference\n"
      "                  print a page of all keys in Markdown, and end\n"
      "  --version       print the version, and end\n"
      "  --help          print this, and end\n\n"
      "Each KEY below may stand in the file (section: then key: value), in the environment ({} for\n"
      "server.port), or be a flag; a flag counts more than the environment, and that more than the file.\n"
      "A variable with _FILE behind its name holds the path of a file that holds the value, for secrets.\n"
      "A relative path in the file starts at the file's folder, one in the environment or a flag at the\n"
      "working directory.\n",
      program, app::variable_of("server.port"));

  const app::Schema schema(sections);
  std::string_view section;
  for (const app::Schema::Key& key : schema.keys()) {
    const std::string_view path = key.path;
    if (const std::string_view now = path.substr(0, path.find('.')); now != section) {
      section = now;
      out += fmt::format("\n{}\n", section);
    }
    const app::KeyText text = app::text_of(*key.field);
    out += fmt::format("  --{}  ({}; {})\n", path, text.type, text.fallback);
    if (!text.doc.empty()) out += fmt::format("      {}\n", text.doc);
    if (const auto* type = app::entries_of(*key.field)) out += fmt::format("      [{{{}}}]\n", entry_line(*type));
  }
  return out;
}

}  // namespace pintle
