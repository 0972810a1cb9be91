#include <pintle/app/config/internal/command_line.hpp>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <pintle/app/config/internal/value.hpp>

namespace pintle::app {
namespace {

using google::protobuf::FieldDescriptor;

std::string flag(const std::string& path) { return "--" + path; }

// PINTLE_SERVER__MAX_CONNECTIONS → server.max_connections
std::string path_of(std::string_view variable) {
  std::string out;
  for (std::size_t i = 0; i < variable.size(); ++i) {
    if (variable.substr(i).starts_with("__")) {
      out.push_back('.');
      ++i;
    } else {
      const char c = variable[i];
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
  }
  return out;
}

class Arguments {
 public:
  Arguments(const Schema& schema, const std::vector<std::string>& all) : schema_(schema), all_(all) {}

  CommandLine read() {
    for (; at_ < all_.size(); ++at_) one(all_[at_]);
    return std::move(line_);
  }

 private:
  void one(const std::string& argument) {
    if (argument == "-h") return ask(Config::Action::help);
    if (!argument.starts_with("--") || argument == "--") {
      return fail(argument, "", "is no flag", "write --key value or --key=value; --help lists the keys");
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    const std::string shown = flag(name);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = argument.substr(equals + 1);

    for (const auto& [word, action] : {std::pair("help", Config::Action::help),
                                       {"version", Config::Action::version},
                                       {"print-config", Config::Action::print},
                                       {"print-chain", Config::Action::print_chain},
                                       {"print-reference", Config::Action::print_reference},
                                       {"check-config", Config::Action::check}}) {
      if (name != word) continue;
      if (value) return fail(shown, "", "takes no value", fmt::format("write {} alone", shown));
      return ask(action);
    }
    if (name == "explain-policy") {
      if (!value) value = next();
      if (!value || !value->starts_with('/'))
        return fail(shown, "", "needs a method", "write --explain-policy /package.Service/Method");
      line_.subject = std::move(*value);
      return ask(Config::Action::explain_policy);
    }
    if (name == "config") {
      if (!value) value = next();
      if (!value || value->empty()) return fail(shown, "", "needs a file", "write --config FILE");
      if (!line_.file.empty()) return fail(shown, "", "comes twice", "name one file");
      line_.file = std::move(*value);
      return;
    }
    if (schema_.is_section(name)) {
      return fail(shown, name, "is a section, not a value", schema_.advice(name + ".?", flag));
    }
    const FieldDescriptor* field = schema_.find(name);
    if (field == nullptr) return fail(shown, "", "unknown flag", schema_.advice(name, flag));
    if (!value && field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field->is_repeated()) {
      // --server.x alone means true
      const bool said = at_ + 1 < all_.size() && (all_[at_ + 1] == "true" || all_[at_ + 1] == "false");
      value = said ? next() : "true";
    } else if (!value) {
      value = next();
    }
    if (!value) {
      return fail(shown, name, "needs a value", fmt::format("write {0} VALUE or {0}=VALUE", shown));
    }
    line_.settings.push_back({name, std::move(*value), shown});
  }

  // The following argument, when it can be a value: what starts with "--" must be written behind a '='.
  std::optional<std::string> next() {
    if (at_ + 1 >= all_.size() || all_[at_ + 1].starts_with("--")) return std::nullopt;
    return all_[++at_];
  }

  void ask(Config::Action action) { line_.action = std::max(line_.action, action); }
  void fail(const std::string& where, std::string key, std::string problem, std::string mend) {
    line_.errors.push_back({where, 0, 0, std::move(key), std::move(problem), std::move(mend)});
  }

  const Schema& schema_;
  const std::vector<std::string>& all_;
  std::size_t at_ = 0;
  CommandLine line_;
};

}  // namespace

CommandLine read_arguments(const Schema& schema, const std::vector<std::string>& arguments) {
  return Arguments(schema, arguments).read();
}

CommandLine read_environment(const Schema& schema, const ConfigInput& input) {
  constexpr std::string_view kPrefix = "PINTLE_", kFromFile = "_FILE";
  CommandLine line;
  for (const auto& [name, value] : input.environment()) {
    if (!name.starts_with(kPrefix) || !name.contains("__")) continue;
    const std::string key = path_of(std::string_view(name).substr(kPrefix.size()));
    if (schema.find(key) != nullptr && variable_of(key) == name) {
      line.settings.push_back({key, value, name});
    } else if (const std::string of = key.substr(0, key.size() - std::min(key.size(), kFromFile.size()));
               name.ends_with(kFromFile) && schema.find(of) != nullptr && variable_of(of) + "_FILE" == name) {
      if (auto text = input.read_file(value)) {
        while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
        line.settings.push_back({of, std::move(*text), name});
      } else {
        line.errors.push_back(
            {name, 0, 0, of, fmt::format("{} can't be read: {}", value, text.error()), "name a file that is there"});
      }
    } else if (schema.is_section(key)) {
      line.errors.push_back({name, 0, 0, key, "is a section, not a value", schema.advice(key + ".?", variable_of)});
    } else {
      line.errors.push_back({name, 0, 0, "", "unknown key", schema.advice(key, variable_of)});
    }
  }
  return line;
}

}  // namespace pintle::app
