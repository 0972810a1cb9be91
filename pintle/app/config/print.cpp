// Config::to_yaml().
#include <algorithm>

#include <fmt/format.h>

#include <pintle/app/config.hpp>
#include <pintle/app/config/internal/value.hpp>

namespace pintle {
namespace {

using app::Value;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Whether YAML reads the text back as that text without quotes.
bool plain(std::string_view text) {
  if (text.empty() || text == "null" || text == "~") return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  if (!letter(text.front()) && text.front() != '/' && text.front() != '.') return false;
  return text.back() != ':' &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || std::string_view("_./:+-").contains(c); });
}

std::string quoted(std::string_view text) {
  if (plain(text)) return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + '"';
}

std::string scalar(const FieldDescriptor& field, const Value& value) {
  const std::string text = app::format_value(field, value);
  if (app::rule(field).secret()) return text.empty() ? "\"\"" : "\"********\"";
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ? quoted(text) : text;
}

class Printer {
 public:
  explicit Printer(const std::map<std::string, std::string, std::less<>>& origins) : origins_(origins) {}

  void message(const Message& message, const std::string& path, std::size_t depth) {
    const auto& reflection = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      const std::string key = path + '.' + field.name();
      const std::string name(field.name());
      if (field.is_map()) {
        map(message, field, key, depth);
      } else if (field.is_repeated()) {
        list(message, field, key, depth);
      } else if (app::is_value(field)) {
        const bool absent = field.has_presence() && field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
                            !reflection.HasField(message, &field);
        const bool other = field.real_containing_oneof() != nullptr && !reflection.HasField(message, &field);
        if (absent || other) {
          line(depth, fmt::format("# {}: is not set", name), "");
        } else {
          line(depth, fmt::format("{}: {}", name, scalar(field, app::load(message, field))), key);
        }
      } else if (reflection.HasField(message, &field)) {
        const std::size_t before = out_.size();
        line(depth, name + ":", "");
        const std::size_t body = out_.size();
        this->message(reflection.GetMessage(message, &field), key, depth + 1);
        if (out_.size() == body) {
          out_.resize(before);
          line(depth, name + ": {}", "");
        }
      }
    }
  }

  void line(std::size_t depth, std::string_view text, const std::string& key) {
    out_.append(depth * 2, ' ').append(text);
    if (const auto origin = origins_.find(key); origin != origins_.end()) out_ += fmt::format("  # {}", origin->second);
    out_.push_back('\n');
  }

  std::string take() { return std::move(out_); }

 private:
  void list(const Message& message, const FieldDescriptor& field, const std::string& key, std::size_t depth) {
    const auto& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    if (app::is_value(field)) {
      std::string text;
      for (int i = 0; i < size; ++i) text += (i == 0 ? "" : ", ") + scalar(field, app::load(message, field, i));
      line(depth, fmt::format("{}: [{}]", field.name(), text), key);
      return;
    }
    line(depth, fmt::format("{}:{}", field.name(), size == 0 ? " []" : ""), key);
    for (int i = 0; i < size; ++i) element(reflection.GetRepeatedMessage(message, &field, i), depth + 1);
  }

  // "- " and the message behind it.
  void element(const Message& message, std::size_t depth) {
    const std::size_t begin = out_.size();
    this->message(message, "", depth + 1);
    if (out_.size() == begin) return line(depth, "- {}", "");
    out_[begin + depth * 2] = '-';
  }

  void map(const Message& message, const FieldDescriptor& field, const std::string& key, std::size_t depth) {
    const auto& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    line(depth, fmt::format("{}:{}", field.name(), size == 0 ? " {}" : ""), key);
    const FieldDescriptor& key_field = *field.message_type()->map_key();
    const FieldDescriptor& value_field = *field.message_type()->map_value();
    std::vector<std::pair<std::string, const Message*>> entries;  // a map of Protobuf has no order: sort it
    for (int i = 0; i < size; ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      entries.emplace_back(scalar(key_field, app::load(entry, key_field)), &entry);
    }
    std::ranges::sort(entries);
    for (const auto& [name, entry] : entries) {
      if (app::is_value(value_field)) {
        const bool secret = app::rule(field).secret();
        line(depth + 1,
             fmt::format("{}: {}", name, secret ? "\"********\"" : scalar(value_field, app::load(*entry, value_field))),
             "");
      } else {
        const Message& below = entry->GetReflection()->GetMessage(*entry, &value_field);
        line(depth + 1, name + ":", "");
        this->message(below, "", depth + 2);
      }
    }
  }

  const std::map<std::string, std::string, std::less<>>& origins_;
  std::string out_;
};

}  // namespace

std::string Config::to_yaml() const {
  Printer printer(origins_);
  for (const auto& [key, message] : sections_) {
    printer.line(0, key + ":", "");
    printer.message(*message, key, 1);
  }
  return printer.take();
}

}  // namespace pintle
