// The configuration of a process: defaults < YAML file < environment < flags, by a Protobuf schema.
//
// A section is a top-level key and the message below it. Pintle's own are the fields of pintle.config.v1.Config
// (server, client, log); an application adds its own, whose fields may carry the option (pintle.config.v1.field) with a
// default, limits and a line for --help. The same field, written three ways:
//
//   items.yaml             environment                         flags
//   server:                PINTLE_SERVER__PORT=50051           --server.port 50051
//     port: 50051                                              --server.port=50051
//
// Durations are written 250ms, 5s, 1m30s; sizes 4MiB; enumerators by name, in small letters and without their prefix; a
// list in the environment or a flag as a,b or [a, b]; a map or a message there as YAML, {a: 1}. A path (a field with
// the rule `path`) that is relative starts at the file's folder when it stands in the file, else at the working
// directory. Line breaks at the end of a variable or flag are left out.
//
// Whatever is wrong is an error, and all errors are found at once: an unknown key, a wrong type, a key that comes
// twice, a value outside its limits, a value that must be set and is not. Variables that do not start with PINTLE_ or
// hold no
// "__" are not ours: Kubernetes sets some that look alike. Of two flags for one key the later counts.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace pintle {

// One thing that is wrong, for a person.
struct ConfigError {
  std::string where;         // the file, "PINTLE_SERVER__PORT", "--server.port"; empty when it is nowhere
  int line = 0, column = 0;  // from 1; 0 when `where` is no file
  std::string key;           // "server.port"; empty when it is about no key
  std::string problem;       // "'abc' is not a whole number"
  std::string mend;          // "write 50051"; may be empty

  // "items.yaml:3:9: server.port: 'abc' is not a whole number; write digits, such as 50051"
  std::string to_string() const;
};

// A top-level key and the type of what is below it.
class ConfigSection {
 public:
  // `prototype` must live as long as the program, as T::default_instance() does. REQUIRES: the key is lower_snake and
  // not one of Pintle's own.
  ConfigSection(std::string key, const google::protobuf::Message& prototype)
      : key_(std::move(key)), prototype_(&prototype) {}

  const std::string& key() const { return key_; }
  const google::protobuf::Message& prototype() const { return *prototype_; }

 private:
  std::string key_;
  const google::protobuf::Message* prototype_;
};

// Everything outside the process that a configuration is made from; handed in, so that tests need no process.
class ConfigInput {
 public:
  using ReadFile = std::function<std::expected<std::string, std::string>(const std::string& path)>;

  ConfigInput() = default;
  // The arguments and environment of this process, and its files.
  static ConfigInput of_process(int argc, const char* const* argv);

  ConfigInput& argument(std::string text);  // one more, without the program's name
  ConfigInput& variable(std::string name, std::string value);
  ConfigInput& files(ReadFile read);  // the content, or why there is none

  const std::vector<std::string>& arguments() const { return arguments_; }
  const std::vector<std::pair<std::string, std::string>>& environment() const { return environment_; }
  std::expected<std::string, std::string> read_file(const std::string& path) const;

 private:
  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::string>> environment_;
  ReadFile read_;
};

// The configuration as it is in force. Never changes; any thread may read it.
class Config {
 public:
  // What the command line asks for: --print-chain, --explain-policy METHOD, --check-config, --print-config,
  // --print-reference, --version, --help, or none of them.
  enum class Action {
    run,
    print_chain,
    explain_policy,
    check,
    print,
    print_reference,
    version,
    help
  };  // of several, the last one here

  // Every value of every section is there afterwards, defaults included; messages are always present. With --help,
  // --print-reference and --version nothing but the defaults is read, so that they work whatever is broken.
  static std::expected<Config, std::vector<ConfigError>> parse(const std::vector<ConfigSection>& sections,
                                                               const ConfigInput& input);

  Config(Config&&) noexcept;
  Config& operator=(Config&&) noexcept;
  ~Config();

  Action action() const { return action_; }
  // What --explain-policy asks about.
  const std::string& subject() const { return subject_; }

  // The section with that message type; the first one if there are several. REQUIRES: there is one (else the process is
  // aborted: it is a mistake in the program, not in the configuration).
  template <class T>
  const T& get() const {
    return static_cast<const T&>(section(T::descriptor()));
  }
  // The section at a key; null if there is none.
  const google::protobuf::Message* find(std::string_view key) const;

  // Where the value of a key comes from: "default", "items.yaml:3", "PINTLE_SERVER__PORT", "--server.port".
  std::string_view origin(std::string_view key) const;

  // The effective configuration as YAML, the origin of each value behind it as a comment; secrets are masked. Apart
  // from secrets it can be read back and gives the same values.
  std::string to_yaml() const;

 private:
  Config();
  const google::protobuf::Message& section(const google::protobuf::Descriptor* type) const;

  Action action_ = Action::run;
  std::string subject_;
  std::vector<std::pair<std::string, std::unique_ptr<google::protobuf::Message>>> sections_;
  std::map<std::string, std::string, std::less<>> origins_;
};

// A file that holds one message and nothing else, by the rules of configuration files: `text` into `into`, which begins
// with its defaults. `name` is how errors call the file, `key` how they call the message.
std::vector<ConfigError> read_config_file(const std::string& key, const std::string& name, const std::string& text,
                                          google::protobuf::Message& into);

// The text of --help: how to call the program, then a line for each key with its type, its default and its meaning.
std::string config_help(std::string_view program, const std::vector<ConfigSection>& sections);

// The text of --print-reference: a page in Markdown with a table of each section's keys, and one for the entries of
// each list of sections.
std::string config_reference(std::string_view program, const std::vector<ConfigSection>& sections);

// What a process does when it ends before it has begun.
struct ConfigExit {
  int code = 0;
  std::string out, err;  // for standard output and standard error
};

// What else must be right before a process can run: values that fit together, files that are there. The errors need no
// `where`.
using ConfigCheck = std::function<std::vector<ConfigError>(const Config&)>;

// What main does first: the configuration to run with, or what to print and how to exit: 0 after --help, --version,
// --print-config and --check-config, 2 with one line per error when anything is wrong. `check` is asked before the
// process runs and by --check-config alike: what that calls right, starts.
std::expected<Config, ConfigExit> configure(std::string_view program, std::string_view version,
                                            const std::vector<ConfigSection>& sections, const ConfigInput& input,
                                            const ConfigCheck& check = nullptr);

}  // namespace pintle
