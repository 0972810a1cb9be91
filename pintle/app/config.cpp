#include <pintle/app/config.hpp>

#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include <pintle/app/config/internal/command_line.hpp>
#include <pintle/app/config/internal/draft.hpp>
#include <pintle/app/config/internal/yaml_reader.hpp>
#include <pintle/base/file.hpp>

namespace pintle {

using google::protobuf::Message;

std::string ConfigError::to_string() const {
  std::string out = where.empty() ? "configuration" : where;
  if (line > 0) out += fmt::format(":{}:{}", line, column);
  if (!key.empty()) out += ": " + key;
  out += ": " + problem;
  if (!mend.empty()) out += "; " + mend;
  return out;
}

ConfigInput ConfigInput::of_process(int argc, const char* const* argv) {
  ConfigInput input;
  for (int i = 1; i < argc; ++i) input.argument(argv[i]);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      input.variable(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
    }
  }
  input.files([](const std::string& path) { return pintle::read_file(path); });
  return input;
}

ConfigInput& ConfigInput::argument(std::string text) {
  arguments_.push_back(std::move(text));
  return *this;
}

ConfigInput& ConfigInput::variable(std::string name, std::string value) {
  environment_.emplace_back(std::move(name), std::move(value));
  return *this;
}

ConfigInput& ConfigInput::files(ReadFile read) {
  read_ = std::move(read);
  return *this;
}

std::expected<std::string, std::string> ConfigInput::read_file(const std::string& path) const {
  if (!read_) return std::unexpected("there are no files");
  return read_(path);
}

Config::Config() = default;
Config::Config(Config&&) noexcept = default;
Config& Config::operator=(Config&&) noexcept = default;
Config::~Config() = default;

std::expected<Config, std::vector<ConfigError>> Config::parse(const std::vector<ConfigSection>& sections,
                                                              const ConfigInput& input) {
  const app::Schema schema(sections);
  app::Draft draft(schema);
  app::CommandLine line = app::read_arguments(schema, input.arguments());

  const bool explains =
      line.action == Action::help || line.action == Action::version || line.action == Action::print_reference;
  if (!explains) {
    if (!line.file.empty()) {
      if (const auto text = input.read_file(line.file)) {
        app::read_yaml_file(draft, line.file, *text);
      } else {
        draft.fail({line.file, 0, 0, "", fmt::format("can't be read: {}", text.error()), "check --config"});
      }
    }
    app::CommandLine environment = app::read_environment(schema, input);
    for (app::CommandLine* source : {&environment, &line}) {
      for (ConfigError& error : source->errors) draft.fail(std::move(error));
      for (const app::Setting& setting : source->settings) draft.apply(setting.key, setting.text, setting.where);
    }
    draft.inherit();
    draft.check_required();
    if (!draft.errors.empty()) return std::unexpected(std::move(draft.errors));
  }

  Config config;
  config.action_ = line.action;
  config.subject_ = std::move(line.subject);
  config.sections_ = std::move(draft.sections);
  config.origins_ = std::move(draft.origins);
  return config;
}

const Message& Config::section(const google::protobuf::Descriptor* type) const {
  for (const auto& [key, message] : sections_) {
    if (message->GetDescriptor() == type) return *message;
  }
  fmt::print(stderr, "pintle: no section of the configuration has the type {}\n", type->full_name());
  std::abort();
}

const Message* Config::find(std::string_view key) const {
  for (const auto& [name, message] : sections_) {
    if (name == key) return message.get();
  }
  return nullptr;
}

std::string_view Config::origin(std::string_view key) const {
  const auto at = origins_.find(key);
  return at == origins_.end() ? std::string_view() : std::string_view(at->second);
}

std::vector<ConfigError> read_config_file(const std::string& key, const std::string& name, const std::string& text,
                                          Message& into) {
  const app::Schema schema({ConfigSection(key, into)});
  app::Draft draft(schema);
  app::read_yaml_section(draft, name, text, key);
  std::erase_if(draft.errors, [&](const ConfigError& e) { return e.where != name; });
  if (draft.errors.empty()) into.CopyFrom(*draft.section(key));
  return std::move(draft.errors);
}

namespace {

ConfigExit wrong(std::string_view program, const std::vector<ConfigError>& errors) {
  ConfigExit exit{2, "", ""};
  for (const ConfigError& error : errors) exit.err += fmt::format("{}: {}\n", program, error.to_string());
  return exit;
}

// Where a key was set, or what holds it: of server.listeners[0].host that is server.listeners.
std::string place_of(const Config& config, std::string_view key) {
  while (!key.empty()) {
    const std::string_view origin = config.origin(key);
    if (!origin.empty()) return origin == "default" ? std::string() : std::string(origin);
    const std::size_t end = key.find_last_of(".[");
    key = key.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return {};
}

}  // namespace

std::expected<Config, ConfigExit> configure(std::string_view program, std::string_view version,
                                            const std::vector<ConfigSection>& sections, const ConfigInput& input,
                                            const ConfigCheck& check) {
  auto config = Config::parse(sections, input);
  if (!config) return std::unexpected(wrong(program, config.error()));
  switch (config->action()) {
    case Config::Action::help:
      return std::unexpected(ConfigExit{0, config_help(program, sections), ""});
    case Config::Action::print_reference:
      return std::unexpected(ConfigExit{0, config_reference(program, sections), ""});
    case Config::Action::version:
      return std::unexpected(ConfigExit{0, fmt::format("{} {}\n", program, version), ""});
    case Config::Action::print:
      return std::unexpected(ConfigExit{0, config->to_yaml(), ""});
    case Config::Action::run:
    case Config::Action::print_chain:  // by whoever knows the services
    case Config::Action::explain_policy:
    case Config::Action::check:
      break;
  }
  if (check) {
    std::vector<ConfigError> errors = check(*config);
    for (ConfigError& error : errors)
      if (error.where.empty()) error.where = place_of(*config, error.key);
    if (!errors.empty()) return std::unexpected(wrong(program, errors));
  }
  if (config->action() == Config::Action::check)
    return std::unexpected(ConfigExit{0, "the configuration is valid\n", ""});
  return std::move(*config);
}

}  // namespace pintle
