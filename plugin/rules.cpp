#include <algorithm>
#include <set>
#include <utility>

#include <buf/validate/validate.pb.h>
#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.pb.h>

#include "names.hpp"
#include "rule_literals.hpp"
#include "rules.hpp"

namespace pintle::plugin {
namespace {

namespace pb = google::protobuf;
using buf::validate::FieldRules;

const FieldRules& rules_of_field(const pb::FieldDescriptor& field) {
  return field.options().GetExtension(buf::validate::field);
}

bool is_ignored(const FieldRules& rules) { return rules.ignore() == buf::validate::IGNORE_ALWAYS; }

// Those that say something of the elements of a list or of the keys and values of a map.
const FieldRules& item_rules(const FieldRules& rules) { return rules.repeated().items(); }

bool has_own_rules(const pb::Descriptor& message) {
  const auto& own = message.options().GetExtension(buf::validate::message);
  if (own.oneof_size() > 0 || own.cel_size() > 0 || own.cel_expression_size() > 0) return true;
  for (int i = 0; i < message.real_oneof_decl_count(); ++i)
    if (message.oneof_decl(i)->options().GetExtension(buf::validate::oneof).required()) return true;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldRules& rules = rules_of_field(*message.field(i));
    if (is_ignored(rules)) continue;
    if (rules.required() || rules.cel_size() > 0 || rules.cel_expression_size() > 0 ||
        rules.type_case() != FieldRules::TYPE_NOT_SET)
      return true;
  }
  return false;
}

// The message in a field, a list's elements or a map's values; null: there is none, or it is not looked into.
const pb::Descriptor* message_in(const pb::FieldDescriptor& field) {
  const FieldRules& rules = rules_of_field(field);
  if (is_ignored(rules)) return nullptr;
  const pb::FieldDescriptor* value = field.is_map() ? field.message_type()->map_value() : &field;
  if (value->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return nullptr;
  const bool elements_ignored = field.is_map()        ? is_ignored(rules.map().values())
                                : field.is_repeated() ? is_ignored(item_rules(rules))
                                                      : false;
  return elements_ignored ? nullptr : value->message_type();
}

bool reaches_rules(const pb::Descriptor& message, std::set<const pb::Descriptor*>& seen) {
  if (!seen.insert(&message).second) return false;
  if (has_own_rules(message)) return true;
  for (int i = 0; i < message.field_count(); ++i)
    if (const pb::Descriptor* below = message_in(*message.field(i)); below != nullptr && reaches_rules(*below, seen))
      return true;
  return false;
}

std::string place_of(const pb::FieldDescriptor& field) {
  pb::SourceLocation location;
  std::string text = field.file()->name();
  if (field.GetSourceLocation(&location))
    text += ":" + std::to_string(location.start_line + 1) + ":" + std::to_string(location.start_column + 1);
  return text + ": " + field.full_name();
}

template <class Visit>
void each_message(const pb::FileDescriptor& file, Visit visit) {
  const auto go = [&](const pb::Descriptor& message, const auto& self) -> void {
    if (message.options().map_entry()) return;
    for (int i = 0; i < message.nested_type_count(); ++i) self(*message.nested_type(i), self);
    visit(message);
  };
  for (int i = 0; i < file.message_type_count(); ++i) go(*file.message_type(i), go);
}

// Writes the validator of one message.
class Writer {
 public:
  Writer(RulesModel& model, int& count, bool defers) : model_(model), count_(count), defers_(defers) {}

  void message(const pb::Descriptor& type) {
    type_ = type_name(type);
    line("void check_rules(const " + type_ + "& message, ::pintle::validate::Report& report,");
    line("                 const ::pintle::validate::Place* above) {");
    line("  (void)message, (void)report, (void)above;");
    begin_ = model_.bodies.size();
    message_rules(type);
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) oneof(*type.oneof_decl(i));
    for (int i = 0; i < type.field_count(); ++i) field(*type.field(i));
    line("}\n");
  }

  std::vector<std::string> faults;

 private:
  void line(const std::string& text) { model_.bodies += text + "\n"; }

  // What can't be checked: refused, or, where that is wanted, said when it would have to be.
  void fault(const std::string& where, const std::string& what) {
    faults.push_back(where + ": " + what);
    if (defers_)  // whatever the message holds
      model_.bodies.insert(begin_, "  report.cant_apply(" + string_literal("compilation error: " + what) + ");\n");
  }

  static std::string name(const pb::FieldDescriptor& field) { return pb::compiler::cpp::FieldName(&field); }

  static std::string zero(const pb::FieldDescriptor& field, const std::string& value) {
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return value + ".empty()";
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return "!" + value;
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return "static_cast<int>(" + value + ") == " + std::to_string(field.enum_type()->value(0)->number());
      default:
        return value + " == 0";
    }
  }

  static std::string is_set(const pb::FieldDescriptor& field) {
    if (field.is_repeated()) return "!message." + name(field) + "().empty()";
    if (field.has_presence()) return "message.has_" + name(field) + "()";
    return "!(" + zero(field, "message." + name(field) + "()") + ")";
  }

  void message_rules(const pb::Descriptor& type) {
    const auto& own = type.options().GetExtension(buf::validate::message);
    if (own.cel_size() > 0 || own.cel_expression_size() > 0)
      fault(type.file()->name() + ": " + type.full_name(),
            "has a rule in CEL, which is not compiled to native code yet: write it with the standard rules");
    for (const auto& one : own.oneof()) message_oneof(type, one);
  }

  void message_oneof(const pb::Descriptor& type, const buf::validate::MessageOneofRule& rule) {
    const std::string where = type.file()->name() + ": " + type.full_name();
    if (rule.fields().empty()) return fault(where, "has a oneof rule without fields");
    std::string sum, names;
    std::set<std::string> seen;
    for (const std::string& one : rule.fields()) {
      const pb::FieldDescriptor* field = type.FindFieldByName(one);
      if (field == nullptr) return fault(where, "has a oneof rule about the field " + one + ", which is not there");
      if (!seen.insert(one).second) return fault(where, "has a oneof rule that names the field " + one + " twice");
      sum += (sum.empty() ? "" : " + ") + ("(" + is_set(*field) + " ? 1 : 0)");
      names += (names.empty() ? "" : ", ") + one;
    }
    line("  if (const int set = " + sum + "; set > 1)");
    line("    ::pintle::validate::fail_message(report, above, \"message.oneof\", \"only one of " + names +
         " can be set\");");
    if (!rule.required()) return;
    line("  else if (set == 0)");
    line("    ::pintle::validate::fail_message(report, above, \"message.oneof\", \"one of " + names +
         " must be set\");");
  }

  void oneof(const pb::OneofDescriptor& oneof) {
    if (!oneof.options().GetExtension(buf::validate::oneof).required()) return;
    line("  if (static_cast<int>(message." + oneof.name() + "_case()) == 0)");
    line("    ::pintle::validate::fail_oneof(report, above, \"" + oneof.name() + "\");");
  }

  // Fields of a oneof rule that track no presence are not looked at while they are zero.
  static bool is_in_message_oneof(const pb::FieldDescriptor& field) {
    for (const auto& rule : field.containing_type()->options().GetExtension(buf::validate::message).oneof())
      if (std::ranges::find(rule.fields(), field.name()) != rule.fields().end()) return true;
    return false;
  }

  // A constant of these rules; empty: there are none, or they can't be checked.
  std::string constant(const pb::FieldDescriptor& field, const FieldRules& rules, const pb::FieldDescriptor& reported,
                       bool element) {
    auto expression = rules_expression(field, rules, element);
    if (!expression) {
      fault(place_of(reported), expression.error());
      return {};
    }
    if (expression->empty()) return {};
    const std::string made = "kRules" + std::to_string(++count_);
    model_.constants += "const auto " + made + " = " + *expression + ";\n";
    return made;
  }

  std::string step(const pb::FieldDescriptor& field) {
    const std::string made = "kStep" + std::to_string(++count_);
    std::string types = "static_cast<::pintle::FieldType>(" + std::to_string(field.type()) + ")";
    if (field.is_map())
      types += ", static_cast<::pintle::FieldType>(" + std::to_string(field.message_type()->map_key()->type()) +
               "), static_cast<::pintle::FieldType>(" + std::to_string(field.message_type()->map_value()->type()) + ")";
    model_.constants += "constexpr ::pintle::validate::Step " + made + "{" + std::to_string(field.number()) + ", \"" +
                        field.name() + "\", " + types + "};\n";
    return made;
  }

  bool is_about(const pb::FieldDescriptor& field) {
    const FieldRules& rules = rules_of_field(field);
    if (is_ignored(rules)) return false;
    const pb::Descriptor* below = message_in(field);
    return rules.required() || rules.cel_size() > 0 || rules.cel_expression_size() > 0 ||
           rules.type_case() != FieldRules::TYPE_NOT_SET || (below != nullptr && has_rules(*below));
  }

  void field(const pb::FieldDescriptor& field) {
    if (!is_about(field)) return;
    const FieldRules& rules = rules_of_field(field);
    line("  {");
    line("    const ::pintle::validate::Place at(above, " + step(field) + ");");
    const std::string set = is_set(field);
    // Whether rules count while the field is not set.
    const bool always = (field.is_repeated() || !field.has_presence()) &&
                        rules.ignore() != buf::validate::IGNORE_IF_ZERO_VALUE && !is_in_message_oneof(field);
    if (rules.required()) {
      line("    if (!(" + set + ")) {");
      line("      ::pintle::validate::fail_required({report, at});");
      line("    } else {");
    } else {
      line(always ? "    {" : "    if (" + set + ") {");
    }
    if (field.is_map())
      map(field, rules);
    else if (field.is_repeated())
      list(field, rules);
    else
      value(field, rules, field, "message." + name(field) + "()", "at", "nullptr", false);
    line("    }");
    line("  }");
  }

  // What the rules check of a value: the value itself, or what lies in a wrapper.
  static std::string checked(const pb::FieldDescriptor& field, const FieldRules& rules, const std::string& value) {
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) return "static_cast<int>(" + value + ")";
    if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return value;
    switch (rules.type_case()) {
      case FieldRules::kAny:
        return value + ".type_url()";
      case FieldRules::kDuration:
      case FieldRules::kTimestamp:
        return "::pintle::validate::Moment(" + value + ".seconds(), " + value + ".nanos())";
      case FieldRules::kFieldMask:
        return value + ".paths()";
      default:
        return value + ".value()";
    }
  }

  // One value, of a field or an element, at the place `at`, with the rules that hold these at `above`.
  void value(const pb::FieldDescriptor& field, const FieldRules& rules, const pb::FieldDescriptor& reported,
             const std::string& value, const std::string& at, const std::string& above, bool element,
             bool for_key = false) {
    const std::string made = constant(field, rules, reported, element);
    const std::string where = "{report, " + at + ", " + above + (for_key ? ", true" : "") + "}";
    if (!made.empty()) line("      " + made + ".check(" + checked(field, rules, value) + ", " + where + ");");
    if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE || is_ignored(rules)) return;
    if (!has_rules(*field.message_type())) return;
    line("      check_rules(" + value + ", report, &" + at + ");");
  }

  // Elements that are zero and may be.
  static std::string unless_ignored(const pb::FieldDescriptor& element, const FieldRules& rules,
                                    const std::string& value) {
    const bool skips = rules.ignore() == buf::validate::IGNORE_IF_ZERO_VALUE &&
                       element.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE;
    return skips ? "if (!(" + zero(element, value) + "))\n  " : "";
  }

  bool checks_element(const pb::FieldDescriptor& element, const FieldRules& rules) {
    if (is_ignored(rules)) return false;
    const bool below = element.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && has_rules(*element.message_type());
    return below || rules.type_case() != FieldRules::TYPE_NOT_SET || rules.cel_size() > 0 ||
           rules.cel_expression_size() > 0;
  }

  void list(const pb::FieldDescriptor& field, const FieldRules& rules) {
    const std::string made = constant(field, rules, field, false);
    const std::string values = "message." + name(field) + "()";
    const bool messages = field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    if (!made.empty())
      line(
          "      " + made +
          (messages ? ".check_size(static_cast<::std::uint64_t>(" + values + ".size()), " : ".check(" + values + ", ") +
          "{report, at});");
    const FieldRules& items = item_rules(rules);
    if (!checks_element(field, items)) return;
    line("      for (int i = 0; i < " + values + ".size(); ++i) {");
    line("        ::pintle::validate::Place item = at;");
    line("        item.subscript = ::pintle::ListIndex{static_cast<::std::uint64_t>(i)};");
    line("        [[maybe_unused]] const auto& element = " + values + ".Get(i);");
    guarded(unless_ignored(field, items, "element"),
            [&] { value(field, items, field, "element", "item", "&::pintle::validate::kItems", true); });
    line("      }");
  }

  template <class Write>
  void guarded(const std::string& condition, Write write) {
    line("        " + condition + "{");
    write();
    line("        }");
  }

  void map(const pb::FieldDescriptor& field, const FieldRules& rules) {
    const std::string made = constant(field, rules, field, false);
    const std::string values = "message." + name(field) + "()";
    if (!made.empty())
      line("      " + made + ".check(static_cast<::std::uint64_t>(" + values + ".size()), {report, at});");
    const pb::FieldDescriptor &key = *field.message_type()->map_key(), &mapped = *field.message_type()->map_value();
    const FieldRules &keys = rules.map().keys(), &of_values = rules.map().values();
    const bool checks_keys = checks_element(key, keys), checks_values = checks_element(mapped, of_values);
    if (!checks_keys && !checks_values) return;
    line("      for (const auto& [key, element] : " + values + ") {");
    line("        ::pintle::validate::Place item = at;");
    line("        item.subscript = " + key_subscript(key) + ";");
    line("        (void)element;");
    if (checks_keys)
      guarded(unless_ignored(key, keys, "key"),
              [&] { value(key, keys, field, "key", "item", "&::pintle::validate::kKeys", true, true); });
    if (checks_values)
      guarded(unless_ignored(mapped, of_values, "element"),
              [&] { value(mapped, of_values, field, "element", "item", "&::pintle::validate::kValues", true); });
    line("      }");
  }

  static std::string key_subscript(const pb::FieldDescriptor& key) {
    switch (key.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return "::std::string(key)";
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return "key";
      case pb::FieldDescriptor::CPPTYPE_UINT32:
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return "static_cast<::std::uint64_t>(key)";
      default:
        return "static_cast<::std::int64_t>(key)";
    }
  }

  RulesModel& model_;
  int& count_;
  const bool defers_;
  std::string type_;
  std::size_t begin_ = 0;  // of the validator's body
};

}  // namespace

bool has_rules(const pb::Descriptor& message) {
  std::set<const pb::Descriptor*> seen;
  return reaches_rules(message, seen);
}

std::string rules_refusal(const pb::FileDescriptor& file) {
  RulesModel model;
  int count = 0;
  std::string text;
  each_message(file, [&](const pb::Descriptor& message) {
    if (!has_rules(message)) return;
    Writer writer(model, count, false);
    writer.message(message);
    for (const std::string& fault : writer.faults) text += (text.empty() ? "" : "\n") + fault;
  });
  return text;
}

RulesModel rules_of(const pb::FileDescriptor& file, const Parameters& parameters) {
  RulesModel model;
  int count = 0;
  std::set<std::string> includes;
  each_message(file, [&](const pb::Descriptor& message) {
    if (!has_rules(message)) return;
    model.types.push_back(type_name(message));
    for (int i = 0; i < message.field_count(); ++i)
      if (const pb::Descriptor* below = message_in(*message.field(i));
          below != nullptr && below->file() != &file && has_rules(*below))
        includes.insert(stem_of(*below->file()) + ".pintle.hpp");
    Writer writer(model, count, parameters.defer_rules);
    writer.message(message);
  });
  for (int s = 0; s < file.service_count(); ++s)
    for (int m = 0; m < file.service(s)->method_count(); ++m)
      if (const pb::Descriptor* request = file.service(s)->method(m)->input_type();
          request->file() != &file && has_rules(*request))
        includes.insert(stem_of(*request->file()) + ".pintle.hpp");
  model.includes.assign(includes.begin(), includes.end());
  return model;
}

}  // namespace pintle::plugin
