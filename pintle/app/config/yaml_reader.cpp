#include <pintle/app/config/internal/yaml_reader.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <pintle/app/config/internal/value.hpp>

namespace pintle::app {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

std::string kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "keys";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a single value";
    default:
      return "nothing";
  }
}

class Reader {
 public:
  // Without lines: the text is one variable or flag, and its place in it says nothing.
  Reader(Draft& draft, std::string where, bool lines) : draft_(draft), where_(std::move(where)), lines_(lines) {}

  void root(const YAML::Node& node) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      fail(node.Mark(), "", fmt::format("the file must consist of keys, and holds {}", kind_of(node)),
           "start with a line such as server:");
      return;
    }
    each(node, "", [&](const std::string& key, const YAML::Node& name, const YAML::Node& value) {
      if (Message* section = draft_.section(key)) {
        this->message(value, name.Mark(), *section, key, true);
      } else {
        unknown(name, key);
      }
    });
  }

  void section(const YAML::Node& node, Message& into, const std::string& key) {
    message(node, node.Mark(), into, key, true);
  }

  void field(const YAML::Node& node, YAML::Mark mark, Message& parent, const FieldDescriptor& field,
             const std::string& path, bool tracked) {
    if (!node.Mark().is_null() && !node.IsNull()) mark = node.Mark();
    const auto& reflection = *parent.GetReflection();
    if (field.is_map()) {
      map(node, mark, parent, field, path);
    } else if (field.is_repeated()) {
      list(node, mark, parent, field, path);
    } else if (is_value(field)) {
      if (const auto value = this->value(node, mark, field, path)) {
        reflection.ClearField(&parent, &field);
        store(parent, field, *value);
      }
    } else {
      const bool fresh = !reflection.HasField(parent, &field);
      Message& below = *reflection.MutableMessage(&parent, &field);
      if (fresh) fill_defaults(below);
      message(node, mark, below, path, tracked || !rule(field).like().empty());
      return;  // its values have origins of their own
    }
    if (tracked) draft_.origins[path] = origin(mark);
  }

 private:
  void message(const YAML::Node& node, YAML::Mark mark, Message& into, const std::string& path, bool tracked) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      fail(node.Mark().is_null() ? mark : node.Mark(), path,
           fmt::format("is a section with keys of its own, and holds {}", kind_of(node)),
           draft_.schema.advice(path + ".?", [](const std::string& key) { return key; }));
      return;
    }
    std::map<const OneofDescriptor*, std::string> chosen;
    each(node, path, [&](const std::string& key, const YAML::Node& name, const YAML::Node& value) {
      const std::string full = path + '.' + key;
      const FieldDescriptor* field = into.GetDescriptor()->FindFieldByName(key);
      if (field == nullptr) {
        unknown(name, full, *into.GetDescriptor());
        return;
      }
      if (const OneofDescriptor* oneof = field->real_containing_oneof()) {
        const auto [other, first] = chosen.emplace(oneof, key);
        if (!first) {
          fail(name.Mark(), full, fmt::format("can't stand beside {}", other->second), "keep one of them");
          return;
        }
      }
      this->field(value, name.Mark(), into, *field, full, tracked);
    });
  }

  void list(const YAML::Node& node, YAML::Mark mark, Message& parent, const FieldDescriptor& field,
            const std::string& path) {
    if (!node.IsSequence()) {
      fail(mark, path, fmt::format("is a list, and holds {}", kind_of(node)),
           "write [a, b], or one line '- a' for each");
      return;
    }
    parent.GetReflection()->ClearField(&parent, &field);
    std::erase_if(draft_.origins, [&](const auto& known) { return known.first.starts_with(path + '['); });
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string element = fmt::format("{}[{}]", path, i);
      if (is_value(field)) {
        if (const auto value = this->value(node[i], node[i].Mark(), field, element)) store(parent, field, *value);
      } else {
        Message& added = *parent.GetReflection()->AddMessage(&parent, &field);
        fill_defaults(added);
        message(node[i], node[i].Mark(), added, element, false);
      }
    }
  }

  void map(const YAML::Node& node, YAML::Mark mark, Message& parent, const FieldDescriptor& field,
           const std::string& path) {
    if (!node.IsMap()) {
      fail(mark, path, fmt::format("is a map, and holds {}", kind_of(node)),
           "write keys below it, or {} when there are none");
      return;
    }
    const FieldDescriptor& key_field = *field.message_type()->map_key();
    const FieldDescriptor& value_field = *field.message_type()->map_value();
    parent.GetReflection()->ClearField(&parent, &field);
    each(node, path, [&](const std::string& key, const YAML::Node& name, const YAML::Node& value) {
      const std::string full = path + '.' + key;
      const auto parsed_key = this->value(name, name.Mark(), key_field, full);
      if (!parsed_key) return;
      Message& entry = *parent.GetReflection()->AddMessage(&parent, &field);
      store(entry, key_field, *parsed_key);
      if (is_value(value_field)) {
        if (const auto parsed = this->value(value, name.Mark(), value_field, full)) store(entry, value_field, *parsed);
      } else {
        Message& below = *entry.GetReflection()->MutableMessage(&entry, &value_field);
        fill_defaults(below);
        message(value, name.Mark(), below, full, false);
      }
    });
  }

  std::optional<Value> value(const YAML::Node& node, YAML::Mark mark, const FieldDescriptor& field,
                             const std::string& path) {
    if (node.IsNull()) {
      fail(mark, path, "has no value", fmt::format("write a {}, or leave the key out", type_of(field)));
      return std::nullopt;
    }
    if (!node.IsScalar()) {
      fail(node.Mark(), path, fmt::format("is a {}, and holds {}", type_of(field), kind_of(node)),
           "write a single value");
      return std::nullopt;
    }
    auto parsed = parse_value(field, node.Scalar());
    if (parsed && rule(field).path()) return from_here(std::get<std::string>(*parsed));
    if (parsed) return std::move(*parsed);
    fail(node.Mark(), path, parsed.error().what, parsed.error().mend);
    return std::nullopt;
  }

  // A path as the process needs it: a relative one in a file starts at the file's folder.
  std::string from_here(const std::string& path) const {
    if (!lines_ || path.empty()) return path;
    return (std::filesystem::path(where_).parent_path() / path).string();
  }

  // Calls `visit(key, key node, value node)` for each pair with a key that is text and has not come before.
  template <class Visit>
  void each(const YAML::Node& map, const std::string& path, Visit visit) {
    std::map<std::string, int> seen;
    for (const auto& pair : map) {
      if (!pair.first.IsScalar()) {
        fail(pair.first.Mark(), path, fmt::format("a key must be a word, and is {}", kind_of(pair.first)), "");
        continue;
      }
      const std::string& key = pair.first.Scalar();
      const auto [before, first] = seen.emplace(key, pair.first.Mark().line + 1);
      if (!first) {
        const std::string place = lines_ ? fmt::format(" (first on line {})", before->second) : "";
        fail(pair.first.Mark(), path.empty() ? key : fmt::format("{}.{}", path, key),
             fmt::format("the key comes twice{}", place), "keep one of them");
        continue;
      }
      visit(key, pair.first, pair.second);
    }
  }

  // `in`: whose key it is not. What lies in lists has no keys of its own in the schema.
  void unknown(const YAML::Node& name, const std::string& path, const google::protobuf::Descriptor& in) {
    if (!path.contains('[')) return unknown(name, path);
    std::string known;
    for (int i = 0; i < in.field_count(); ++i) known += (i == 0 ? "known keys: " : ", ") + in.field(i)->name();
    fail(name.Mark(), path, "unknown key", known);
  }

  void unknown(const YAML::Node& name, const std::string& path) {
    fail(name.Mark(), path, "unknown key", draft_.schema.advice(path, [](const std::string& key) { return key; }));
  }

  void fail(const YAML::Mark& mark, const std::string& path, std::string problem, std::string mend) {
    ConfigError error{where_, 0, 0, path, std::move(problem), std::move(mend)};
    if (lines_ && !mark.is_null()) {
      error.line = mark.line + 1;
      error.column = mark.column + 1;
    }
    draft_.fail(std::move(error));
  }

  std::string origin(const YAML::Mark& mark) const {
    return lines_ && !mark.is_null() ? fmt::format("{}:{}", where_, mark.line + 1) : where_;
  }

  Draft& draft_;
  std::string where_;
  bool lines_;
};

// Counts documents, and looks at nothing in them.
class Documents final : public YAML::EventHandler {
 public:
  int count = 0;
  YAML::Mark second;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++count == 2) second = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// The only document of a text. YAML::Load would ignore what stands behind the first one, and YAML::LoadAll (0.7) never
// comes back from a stray ',', at which its parser makes a document of nothing again and again.
YAML::Node load_one(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Documents documents;
  while (documents.count < 2 && parser.HandleNextDocument(documents)) {
  }
  if (documents.count > 1) {
    const auto at = std::min(static_cast<std::size_t>(documents.second.pos), text.size());
    const bool marked = std::string_view(text).substr(at).starts_with("---");
    throw YAML::ParserException(documents.second, marked ? "several documents; keep one, and remove the lines ---"
                                                         : "this text belongs to nothing");
  }
  return YAML::Load(text);
}

}  // namespace

void read_yaml_file(Draft& draft, const std::string& name, const std::string& text) {
  try {
    Reader(draft, name, true).root(load_one(text));
  } catch (const YAML::Exception& e) {
    draft.fail({name, e.mark.line + 1, e.mark.column + 1, "", fmt::format("this is not YAML: {}", e.msg), ""});
  }
}

void read_yaml_section(Draft& draft, const std::string& name, const std::string& text, const std::string& section) {
  try {
    Reader(draft, name, true).section(load_one(text), *draft.section(section), section);
  } catch (const YAML::Exception& e) {
    draft.fail({name, e.mark.line + 1, e.mark.column + 1, "", fmt::format("this is not YAML: {}", e.msg), ""});
  }
}

void read_yaml_value(Draft& draft, Message& message, const FieldDescriptor& field, const std::string& path,
                     std::string_view text, const std::string& where) {
  try {
    const YAML::Node node = load_one(std::string(text));
    Reader(draft, where, false).field(node, node.Mark(), message, field, path, true);
  } catch (const YAML::Exception& e) {
    draft.fail({where, 0, 0, path, fmt::format("this is not YAML: {}", e.msg), ""});
  }
}

}  // namespace pintle::app
