#include <fmt/format.h>

#include <pintle/app/config/internal/schema.hpp>
#include <pintle/app/config/internal/value.hpp>

namespace pintle {

std::string config_help(std::string_view program, const std::vector<ConfigSection>& sections) {
  using google::protobuf::FieldDescriptor;
  std::string out = fmt::format(
      "Usage: {} [--config FILE] [--KEY VALUE | --KEY=VALUE]...\n\n"
      "  --config FILE   read the configuration from a YAML file\n"
      "  --check-config  say whether the configuration is right, and end\n"
      "  --print-config  print the configuration in force with the origin of each value, and end\n"
      "  --print-chain   print the layers around every method, outermost first, and end\n"
      "  --explain-policy METHOD\n"
      "                  say who may call /package.Service/Method, and why, and end\n"
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
    const FieldDescriptor& field = *key.field;
    const auto& rule = app::rule(field);
    std::string type = app::type_of(field);
    if (field.is_repeated() && !field.is_map()) type.insert(0, "list of ");
    std::string fallback = rule.default_();
    if (rule.required()) fallback = "must be set";
    if (fallback.empty() && !field.is_repeated()) {
      const auto* message =
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(field.containing_type());
      fallback = app::format_value(field, app::load(*message, field));
    }
    if (fallback.empty()) fallback = "empty";
    out += fmt::format("  --{}  ({}; {})\n", path, type, fallback);
    if (!rule.doc().empty()) out += fmt::format("      {}\n", rule.doc());
  }
  return out;
}

}  // namespace pintle
