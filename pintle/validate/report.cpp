#include <pintle/validate/report.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace pintle::validate {

namespace {

constexpr Step kRequired{25, "required", FieldType::boolean};
constexpr Step kRepeated{18, "repeated", FieldType::message}, kMap{19, "map", FieldType::message};
constexpr Step kItemsStep{4, "items", FieldType::message}, kKeysStep{4, "keys", FieldType::message},
    kValuesStep{5, "values", FieldType::message};
constexpr RulePlace kOfRepeated{nullptr, kRepeated}, kOfMap{nullptr, kMap};

PathElement element_of(const Step& step) {
  PathElement element;
  element.number = step.number;
  element.name = step.name;
  element.type = step.type;
  element.key = step.key;
  element.value = step.value;
  return element;
}

}  // namespace

constexpr RulePlace kItems{&kOfRepeated, kItemsStep}, kKeys{&kOfMap, kKeysStep}, kValues{&kOfMap, kValuesStep};

void Report::fail(const Place* field, const RulePlace* rule, std::string id, std::string message, bool for_key) {
  if (out_.all.size() >= kMost) return;
  Violation& made = out_.all.emplace_back();
  for (; field != nullptr; field = field->above) {
    made.field.push_back(element_of(*field->step));
    PathElement& added = made.field.back();
    added.subscript = field->subscript;
    if (added.subscript.index() == 0) added.key = added.value = FieldType::none;  // they are those of an entry
  }
  std::ranges::reverse(made.field);
  for (; rule != nullptr; rule = rule->above) made.rule.push_back(element_of(*rule->step));
  std::ranges::reverse(made.rule);
  made.rule_id = std::move(id);
  made.message = std::move(message);
  made.for_key = for_key;
}

void fail(const Where& where, const Step& kind, const Step& rule, std::string id, std::string message) {
  const RulePlace of_kind(where.above, kind), broken(&of_kind, rule);
  where.report.fail(&where.place, &broken, std::move(id), std::move(message), where.for_key);
}

void fail_required(const Where& where) {
  const RulePlace broken(where.above, kRequired);
  where.report.fail(&where.place, &broken, "required", "value is required", where.for_key);
}

void fail_oneof(Report& report, const Place* above, std::string_view oneof) {
  const Step step(0, oneof, FieldType::none);
  const Place place(above, step);
  report.fail(&place, nullptr, "required", "exactly one field is required in oneof");
}

void fail_message(Report& report, const Place* above, std::string id, std::string message) {
  report.fail(above, nullptr, std::move(id), std::move(message));
}

}  // namespace pintle::validate
